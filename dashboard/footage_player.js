// Plays a range of footage of all cameras of a room: pictures, controls, times to type and the strip. Words and
// lanes come from Python (dashboard/footage_player.py), the files from the server (footage_file.js).

const GAPS_LISTED = 6;
const STILL_LIVE = 120 * SECOND; // footage that ends within that time is being recorded
const LOOK_ON_EVERY = 1500; // milliseconds
const LOOK_ON_TIMES = 40;
const SAID_FOR = 5000; // milliseconds
const PLAYERS = new WeakMap();

class Player {
  constructor(parent, data, tell) {
    this.words = data.words;
    this.tell = tell;
    this.link = new Link();
    this.group = new Group(data.words, {
      tick: () => this.tick(),
      opened: () => this.showRange(),
      ended: () => this.goOn(),
      chosen: (camera) => this.choose(camera),
      said: (text) => (this.said.textContent = text),
      skipped: (from, to) => this.sayFor(this.words.skipped.replace("{from}", timeOf(from)).replace("{to}", timeOf(to))),
    });
    this.bar = new Bar(data.words, this.group, {
      mark: data.may_mark && (() => this.markShown()),
      still: () => this.takeStill(),
      fullScreen: () => this.fullScreen(),
      toMark: (direction) => this.toMark(direction),
      changed: () => this.showRange(),
    });
    this.strip = new Strip(
      data.words,
      (camera, instant) => this.pick(camera, instant),
      (camera, at) => tell("moment", { camera, at, asked: Date.now() }),
    );
    const bounds = () => ({ window: this.data.window, longest: this.data.longest });
    this.range = new RangeRow(data.words, bounds, (range) => this.load(range, range[0], { tell: true }));
    this.panel = new MarkPanel(data.mark_words, data.language);
    this.still = new StillPanel(data.words, data.language);
    this.build(parent);
    this.open(data, Link.read());
  }

  build(parent) {
    this.root = make("section", "player");
    this.root.tabIndex = -1;
    this.stage = make("div", "stage");
    this.said = make("div", "said");
    this.passing = make("div", "passing");
    this.said.setAttribute("role", "status");
    this.passing.setAttribute("role", "status");
    const screen = make("div", "screen");
    screen.append(this.group.root, this.said, this.passing);
    this.stage.append(screen, this.bar.root);
    this.cameras = make("div", "cameras");
    this.gapList = make("div", "gap-list");
    this.root.append(this.stage, this.cameras, this.range.root, this.strip.root, this.gapList);
    parent.append(this.root);
    this.keys = (event) => this.key(event);
    document.addEventListener("keydown", this.keys);
    this.group.root.ondblclick = () => this.fullScreen();
  }

  // ---- what is open ----

  // Another view opens its range; a script run with the same view brings news of the lanes, no more.
  take(data) {
    if (data.view !== this.data.view) return this.open(data, {});
    this.data = data;
    this.group.news(data.lanes);
    this.strip.show(data, true);
    this.listGaps();
  }

  open(data, { at, speed, layout }) {
    this.data = data;
    this.camera = data.camera;
    this.bar.set({ speed, layout });
    this.strip.show(data, false);
    this.strip.near(data.range);
    const inside = at >= data.range[0] && at < data.range[1];
    this.load(data.range, inside ? at : data.range[0], { play: data.play });
  }

  get lane() {
    return this.data.lanes.find((lane) => lane.id === this.camera) ?? this.data.lanes[0];
  }

  load(range, at, { play = false, tell = false } = {}) {
    this.wanted = range;
    if (tell) this.tell("range", { camera: this.camera, from: range[0], to: range[1] });
    this.group.open(this.data.lanes, range, at, this.camera, this.data.language);
    this.said.textContent = this.group.main ? "" : this.words.nothing;
    this.showRange();
    if (play) this.group.play();
  }

  choose(camera) {
    if (camera === this.camera) return;
    this.camera = camera;
    this.group.choose(camera);
    if (this.group.main?.lane.id !== camera) return this.load(this.wanted, this.group.clock.now, { tell: true });
    this.tell("range", { camera, from: this.wanted[0], to: this.wanted[1] });
    this.showRange();
  }

  // At the end: goes on with what was recorded since; returns whether there is more.
  goOn() {
    const [, end] = this.group.span;
    const [, to] = this.wanted;
    const more = this.data.lanes.some(({ runs }) => runs.some(([, until]) => Math.min(until, to) > end + SECOND));
    if (more) this.load(this.wanted, end, { play: true });
    else if (to > end && Date.now() * 1000 - end < STILL_LIVE) this.lookOn(end);
    this.tick();
    return more;
  }

  // At the end of what is recorded now: asks until there is more, and plays it.
  async lookOn(end) {
    if (this.lookingOn === end) return;
    this.lookingOn = end;
    const { lane, said, words } = this;
    said.textContent = words.looking_on;
    const waits = () => this.lookingOn === end && this.group.span[1] === end && !this.group.playing && this.root.isConnected;
    const range = [end, Math.min(this.wanted[1], end + STILL_LIVE)];
    for (let tries = 0; tries < LOOK_ON_TIMES && waits(); tries++) {
      const file = await fileOf(lane.id, range);
      if (waits() && file.start && this.grow(lane, file) > end + SECOND) return this.goOn();
      await new Promise((resolve) => setTimeout(resolve, LOOK_ON_EVERY));
    }
    if (this.lookingOn !== end) return;
    this.lookingOn = null;
    if (said.textContent === words.looking_on) said.textContent = "";
  }

  // What the server knows of by now is in the lane before Python tells; returns to where it reaches.
  grow({ runs }, { start, end }) {
    const last = runs.at(-1);
    if (start - last[1] < JOINED) last[1] = Math.max(last[1], end);
    else runs.push([start, end]);
    this.strip.draw();
    return end;
  }

  // ---- what is shown ----

  showRange() {
    this.range.show(this.wanted, this.group.main?.file ?? null);
    this.bar.showHoles();
    this.strip.select(this.camera, this.wanted);
    this.listCameras();
    this.listGaps();
    this.tick();
  }

  listCameras() {
    this.cameras.hidden = this.data.lanes.length < 2;
    this.cameras.replaceChildren(
      ...this.data.lanes.map((lane, place) => {
        const button = make("button", "camera", `${place + 1} ${lane.name}`);
        const recorded = this.group.pictures.some((picture) => picture.lane.id === lane.id);
        button.setAttribute("aria-pressed", lane.id === this.camera);
        button.disabled = !recorded;
        button.title = recorded ? lane.name : `${lane.name} · ${this.words.not_recorded}`;
        if (!recorded) button.append(make("span", "none", this.words.not_recorded));
        button.onclick = () => this.choose(lane.id);
        return button;
      }),
    );
  }

  listGaps() {
    const { gaps, runs } = this.lane;
    const [start, end] = this.data.window;
    const sum = (spans) => spans.reduce((total, [from, to]) => total + to - from, 0);
    const told = this.words.gaps.replace("{count}", gaps.length);
    const complete = sum(runs) > end - start - SECOND ? this.words.no_gaps : this.words.partly;
    this.gapList.replaceChildren(
      gaps.length
        ? make("strong", "", told.replace("{length}", lengthOf(sum(gaps.map((gap) => [gap.start, gap.end])))))
        : make("span", "", complete.replace("{length}", lengthOf(sum(runs)))),
      ...gaps.slice(0, GAPS_LISTED).map((gap) => {
        const item = make("span", "gap-item");
        item.append(make("i", `swatch gap ${gap.cause}`), gap.text);
        return item;
      }),
    );
    const more = gaps.length - GAPS_LISTED;
    if (more > 0) this.gapList.append(make("span", "", this.words.more_gaps.replace("{count}", more)));
  }

  // The wall clock of the large picture; where it has none, that of the clock.
  get shown() {
    const { clock, main } = this.group;
    if (!main?.file) return null;
    return main.shown ?? clock.now;
  }

  tick() {
    if (!this.wanted) return; // still being built
    const { group, shown } = this;
    for (const picture of group.inSight) picture.look(group.clock.now, this.data.viewer);
    this.bar.tick(shown);
    this.root.dataset.shown = shown ?? "";
    this.strip.at(shown === null ? null : group.clock.now);
    if (shown !== null) this.keepLink();
  }

  keepLink() {
    const { clock, layout, pictures } = this.group;
    this.link.write({
      at: isoOf(clock.now).replace("+08:00", ""),
      speed: clock.speed === 1 ? "" : String(clock.speed),
      layout: pictures.length < 2 || layout === "main" ? "" : layout,
    });
  }

  sayFor(text) {
    this.passing.textContent = text;
    clearTimeout(this.passes);
    this.passes = setTimeout(() => (this.passing.textContent = ""), SAID_FOR);
  }

  // ---- what people do ----

  // Marks the picture that is shown; playing goes on.
  markShown() {
    const { main } = this.group;
    const shown = main?.shown;
    if (!shown) return;
    const at = new Date(shown / 1000);
    const stored = ({ id, camera, kind, note }) => {
      const told = [timeOf(shown), this.data.mark_words[`kind.${kind}`], note];
      const mark = { id, camera, at: at.getTime() * 1000, text: told.filter(Boolean).join(" · ") };
      this.data.marks = [...this.data.marks.filter((each) => each.id !== id), mark];
      this.strip.draw();
    };
    this.panel.open(main.root, { camera: this.camera, at, source: "footage", stored });
  }

  takeStill() {
    const { main } = this.group;
    if (!main?.shown) return;
    this.group.pause();
    this.still.open(this.stage, this.camera, main.shown + HAIR);
  }

  // The mark before or after the clock's moment, of any camera.
  toMark(direction) {
    const { now } = this.group.clock;
    const marks = [...this.data.marks].sort((one, other) => direction * (one.at - other.at));
    const found = marks.find(({ at }) => (at - now) * direction > JOINED);
    if (!found) return this.sayFor(this.words.no_mark);
    this.sayFor(found.text);
    this.goTo(found.camera, found.at, false);
  }

  pick(camera, instant) {
    this.goTo(camera, instant, true);
  }

  goTo(camera, instant, play) {
    const [from, to] = this.wanted;
    if (instant >= from && instant < to) {
      this.choose(camera);
      this.group.seek(instant);
      if (play) this.group.playing || this.group.play();
      return;
    }
    this.camera = camera;
    const begin = Math.floor(instant / SECOND) * SECOND;
    this.load([begin, Math.min(begin + to - from, this.data.window[1])], instant, { play, tell: true });
  }

  fullScreen() {
    if (document.fullscreenElement) document.exitFullscreen();
    else this.stage.requestFullscreen?.();
  }

  key(event) {
    const path = event.composedPath();
    const typing = path.some((each) => ["INPUT", "SELECT", "TEXTAREA"].includes(each.tagName));
    const elsewhere = !path.includes(this.root) && document.activeElement !== document.body;
    if (typing || elsewhere || event.ctrlKey || event.metaKey || event.altKey) return;
    const number = /^(?:Digit|Numpad)([1-9])$/.exec(event.code)?.[1];
    const lane = this.data.lanes[number - 1];
    const action = number ? lane && (() => this.choose(lane.id)) : this.actions()[event.code];
    if (!action) return;
    event.preventDefault();
    action();
  }

  actions() {
    return {
      Space: () => this.group.toggle(),
      ArrowLeft: () => this.bar.jump(-JUMP),
      ArrowRight: () => this.bar.jump(JUMP),
      Comma: () => this.group.step(-1),
      Period: () => this.group.step(1),
      BracketLeft: () => this.toMark(-1),
      BracketRight: () => this.toMark(1),
      KeyF: () => this.fullScreen(),
      ...(this.data.may_mark ? { KeyM: () => this.markShown() } : {}),
    };
  }

  end() {
    document.removeEventListener("keydown", this.keys);
    this.strip.end();
    this.link.end();
    this.still.close();
    this.group.end();
    this.root.remove();
  }
}

export default function ({ data, parentElement, setStateValue }) {
  const known = PLAYERS.get(parentElement);
  const otherLanguage = known && known.data.language !== data.language;
  if (otherLanguage) known.end();
  if (known && !otherLanguage) known.take(data);
  else PLAYERS.set(parentElement, new Player(parentElement, data, setStateValue));
  return () => {
    PLAYERS.get(parentElement)?.end();
    PLAYERS.delete(parentElement);
  };
}
