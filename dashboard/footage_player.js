// Plays a range of footage as one file, with controls, times to type and the strip. Words come from Python
// (dashboard/footage_player.py); the file is made by the server (dashboard/footage_routes.py), whose headers
// tell the wall clock of its first picture.

const JUMP = 10; // seconds
const SPEEDS = [0.5, 1, 2, 4, 8, 16];
const GAPS_LISTED = 6;
const STILL_LIVE = 120 * SECOND; // footage that ends within that time is being recorded
const LOOK_ON_EVERY = 1500; // milliseconds
const LOOK_ON_TIMES = 40;
const PLAYERS = new WeakMap();

function instantIn(header) {
  return Date.parse(`${header.slice(0, 23)}Z`) * 1000 + Number(header.slice(23, 26));
}

class Player {
  constructor(parent, data, tell) {
    this.words = data.words;
    this.mayMark = data.may_mark;
    this.tell = tell;
    this.picture = new Picture(data.words, {
      tick: () => this.tick(),
      ended: () => this.goOn(),
      broken: () => this.broken(),
    });
    this.strip = new Strip(data.words, (camera, instant) => this.pick(camera, instant));
    this.root = make("section", "player");
    this.root.tabIndex = -1;
    this.panel = new MarkPanel(data.mark_words, data.language);
    this.stage = make("div", "stage");
    this.stage.append(this.picture.root, this.progressBar(), this.controls());
    this.gapList = make("div", "gap-list");
    this.root.append(this.stage, this.rangeRow(), this.strip.root, this.gapList);
    parent.append(this.root);
    this.keys = (event) => this.key(event);
    document.addEventListener("keydown", this.keys);
    this.picture.root.ondblclick = () => this.fullScreen();
    this.open(data);
  }

  controls() {
    const { picture, words } = this;
    const bar = make("div", "bar");
    this.playButton = this.control("play", () => picture.toggle());
    this.muteButton = this.control("mute", () => this.mute());
    this.day = make("span", "clock-day");
    this.time = make("span", "clock-time");
    const clock = make("div", "clock");
    clock.append(this.day, this.time);
    this.speed = make("select", "speed");
    this.speed.title = words.speed;
    this.speed.setAttribute("aria-label", words.speed);
    this.speed.append(...SPEEDS.map((each) => new Option(`${each}×`, each, each === 1, each === 1)));
    this.speed.onchange = () => picture.speed(Number(this.speed.value));
    bar.append(
      this.playButton,
      this.control("back", () => picture.jump(-JUMP)),
      this.control("on", () => picture.jump(JUMP)),
      this.control("frame_back", () => picture.step(-1)),
      this.control("frame_on", () => picture.step(1)),
      clock,
      this.speed,
      this.muteButton,
      ...(this.mayMark ? [this.control("mark", () => this.markShown())] : []),
      this.control("full_screen", () => this.fullScreen()),
    );
    return bar;
  }

  control(name, action) {
    const button = make("button", "control");
    this.face(button, name, this.words[name]);
    button.onclick = action;
    return button;
  }

  face(button, name, word) {
    if (button.dataset.face === name) return;
    button.dataset.face = name;
    button.title = word;
    button.setAttribute("aria-label", word);
    button.replaceChildren(icon(name));
  }

  progressBar() {
    this.progress = make("div", "progress");
    this.progress.tabIndex = 0;
    this.progress.setAttribute("role", "slider");
    this.progress.setAttribute("aria-label", this.words.position);
    this.holes = make("div", "holes");
    this.played = make("div", "played");
    this.progress.append(this.holes, this.played);
    this.progress.onpointerdown = this.progress.onpointermove = (event) => {
      const { file } = this.picture;
      if (!file || !(event.buttons & 1)) return;
      this.progress.setPointerCapture(event.pointerId);
      const box = this.progress.getBoundingClientRect();
      const share = Math.min(Math.max((event.clientX - box.left) / box.width, 0), 1);
      this.picture.seek(file.start + share * (file.end - file.start));
    };
    return this.progress;
  }

  rangeRow() {
    const row = make("div", "range-row");
    [this.from, this.to] = [this.words.from, this.words.to].map((word) => {
      const label = make("label", "moment", word);
      const input = make("input");
      Object.assign(input, { inputMode: "numeric", maxLength: 8, placeholder: "09:30:00" });
      input.onchange = () => this.rangeTyped();
      input.onfocus = () => (this.typing = input);
      input.onblur = () => (this.typing = null);
      label.append(input);
      row.append(label);
      return input;
    });
    this.length = make("span", "length");
    this.download = make("a", "download", this.words.download);
    this.download.setAttribute("download", "");
    row.append(this.length, this.download);
    return row;
  }

  // ---- what is open ----

  // Another view opens its range; a script run with the same view brings news of the lanes, no more.
  take(data) {
    if (data.view !== this.data.view) return this.open(data);
    this.data = data;
    this.strip.show(data, true);
    this.listGaps();
  }

  open(data) {
    this.data = data;
    this.camera = data.camera;
    this.picture.viewer = data.viewer;
    this.strip.show(data, false);
    this.strip.near(data.range);
    this.load(data.range, data.range[0], { play: data.play });
  }

  get lane() {
    return this.data.lanes.find((lane) => lane.id === this.camera) ?? this.data.lanes[0];
  }

  // Opens the range up to the end of what is recorded in it: then the file stays the same while it plays.
  async load([from, to], at, { play = false, tell = false } = {}) {
    const recorded = this.lane.runs.filter(([start, end]) => start < to && end > from);
    this.wanted = [from, to];
    this.picture.close();
    this.showRange();
    if (tell) this.tell("range", { camera: this.camera, from, to });
    if (!recorded.length) return this.picture.say(this.words.nothing);
    this.picture.say(this.words.preparing);
    const source = this.address(from, Math.min(to, recorded.at(-1)[1]));
    const opening = (this.opening = Symbol("opening"));
    const answer = await fetch(source, { method: "HEAD" }).catch(() => null);
    if (opening !== this.opening) return; // something else was chosen meanwhile
    if (!answer?.ok) return this.refused(source, answer);
    const [start, end] = ["footage-starts-at", "footage-ends-at"].map((name) => instantIn(answer.headers.get(name)));
    const size = Number(answer.headers.get("content-length"));
    const complete = answer.headers.get("footage-complete") === "yes";
    this.picture.open({ source, start, end, size, complete }, this.lane, at);
    this.picture.speed(Number(this.speed.value));
    this.showRange();
    if (play) this.picture.play();
  }

  address(from, to) {
    const query = `from=${encodeURIComponent(isoOf(from))}&to=${encodeURIComponent(isoOf(to))}`;
    return `/footage/video/${this.camera}.mp4?${query}`;
  }

  async refused(source, answer) {
    if (answer?.status === 401) return this.picture.say(this.words.signed_out);
    const told = answer ? await fetch(source).then((full) => full.text(), () => "") : "";
    const [chinese, english] = told.split(" / ");
    const reason = (this.data.language === "en" ? english : chinese) || this.words.unreachable;
    this.picture.say(reason, this.words.again, () => this.load(this.wanted, this.wanted[0]));
  }

  // The file went away or became another one: once, it is opened anew at the same moment.
  async broken() {
    const { file, now, video } = this.picture;
    if (this.retried !== file.source) {
      this.retried = file.source;
      return this.load(this.wanted, now, { play: !video.paused });
    }
    await this.refused(file.source, await fetch(file.source, { method: "HEAD" }).catch(() => null));
  }

  // Goes on with what was recorded since, or with what the file cannot hold because the format changes;
  // returns whether there is more.
  goOn() {
    const { file } = this.picture;
    const [, to] = this.wanted;
    const more = this.lane.runs.some(([start, end]) => end > file.end + SECOND && start < to);
    if (more) this.load(file.complete ? this.wanted : [file.end, to], file.end, { play: true });
    else if (to > file.end && Date.now() * 1000 - file.end < STILL_LIVE) this.lookOn();
    return more;
  }

  // At the end of what is recorded now: asks until there is more, and plays it.
  async lookOn() {
    const { picture } = this;
    const { file, video } = picture;
    if (this.lookingOn === file) return;
    this.lookingOn = file;
    picture.say(this.words.looking_on);
    const waits = () => picture.file === file && video.ended && this.root.isConnected;
    const range = [file.end, Math.min(this.wanted[1], file.end + STILL_LIVE)];
    for (let tries = 0; tries < LOOK_ON_TIMES && waits(); tries++) {
      const answer = await fetch(this.address(...range), { method: "HEAD" }).catch(() => null);
      if (waits() && answer?.ok && this.grow(answer.headers)) return this.goOn();
      await new Promise((resolve) => setTimeout(resolve, LOOK_ON_EVERY));
    }
    this.lookingOn = null;
    if (picture.file === file) picture.say("");
  }

  // What the server knows of by now is in the lane before Python tells; returns whether that is enough to play.
  grow(headers) {
    const { runs } = this.lane;
    const [start, end] = ["footage-starts-at", "footage-ends-at"].map((name) => instantIn(headers.get(name)));
    const last = runs.at(-1);
    if (start - last[1] < JOINED) last[1] = Math.max(last[1], end);
    else runs.push([start, end]);
    this.strip.draw();
    return end > this.picture.file.end + SECOND;
  }

  // ---- what is shown ----

  showRange() {
    const [from, to] = this.wanted;
    const { file } = this.picture;
    // What is being typed stays.
    if (this.from !== this.typing) this.from.value = timeOf(from);
    if (this.to !== this.typing) this.to.value = timeOf(to);
    const size = file ? ` · ${(file.size / 1e6).toFixed(file.size < 1e8 ? 1 : 0)} MB` : "";
    this.length.textContent = lengthOf(file ? file.end - file.start : to - from) + size;
    if (file) this.download.href = `${file.source}&download=1`;
    else this.download.removeAttribute("href");
    this.holes.replaceChildren(...(file ? this.picture.holes().map((hole) => this.holeOf(file, hole)) : []));
    this.strip.select(this.camera, this.wanted);
    this.listGaps();
    this.tick();
  }

  holeOf(file, [start, end]) {
    const hole = make("span");
    const percent = (span) => `${(span / (file.end - file.start)) * 100}%`;
    hole.style.left = percent(start - file.start);
    hole.style.width = percent(end - start);
    return hole;
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

  tick() {
    const { file, now, shown, video } = this.picture ?? {};
    if (!this.time) return; // still being built
    this.face(this.playButton, video.paused ? "play" : "pause", this.words[video.paused ? "play" : "pause"]);
    this.day.textContent = file ? dayOf(shown) : "";
    this.time.textContent = file ? timeOf(shown, video.paused) : "--:--:--";
    this.root.dataset.shown = file ? shown : "";
    this.progress.setAttribute("aria-valuetext", this.time.textContent);
    const share = file ? (now - file.start) / (file.end - file.start) : 0;
    this.played.style.width = `${Math.min(share, 1) * 100}%`;
    this.strip.at(now);
  }

  // ---- what people do ----

  mute() {
    const { video } = this.picture;
    video.muted = !video.muted;
    this.face(this.muteButton, video.muted ? "muted" : "mute", this.words.mute);
  }

  // Marks the picture that is shown; playing goes on.
  markShown() {
    const { file, root, shown } = this.picture;
    if (!file) return;
    const at = new Date(shown / 1000);
    const stored = ({ id, camera, kind, note }) => {
      const told = [timeOf(shown), this.data.mark_words[`kind.${kind}`], note];
      const mark = { id, camera, at: at.getTime() * 1000, text: told.filter(Boolean).join(" · ") };
      this.data.marks = [...this.data.marks.filter((each) => each.id !== id), mark];
      this.strip.draw();
    };
    this.panel.open(root, { camera: this.camera, at, source: "footage", stored });
  }

  fullScreen() {
    if (document.fullscreenElement) document.exitFullscreen();
    else this.stage.requestFullscreen?.();
  }

  pick(camera, instant) {
    const { file } = this.picture;
    if (camera === this.camera && file && instant >= file.start && instant < file.end) {
      this.picture.seek(instant);
      return this.picture.play();
    }
    this.camera = camera;
    const [from, to] = this.wanted;
    const begin = Math.floor(instant / SECOND) * SECOND;
    const range = instant >= from && instant < to ? this.wanted : [begin, Math.min(begin + to - from, this.data.window[1])];
    this.load(range, instant, { play: true, tell: true });
  }

  rangeTyped() {
    const from = this.typed(this.from, this.data.window[0]);
    const to = this.typed(this.to, from + 1);
    const wrong = !(from < to) || to > this.data.window[1] || to - from > this.data.longest;
    if (wrong && this.to.validity.valid) this.to.setCustomValidity(this.words.wrong_range);
    const bad = [this.from, this.to].find((input) => !input.validity.valid);
    if (bad) return bad.reportValidity();
    [this.from.value, this.to.value] = [timeOf(from), timeOf(to)];
    this.load([from, to], from, { tell: true });
  }

  // The first instant from `after` on at which the clock shows what was typed: 9:30, 09:30:15 or 093015.
  typed(input, after) {
    const found = /^(\d{1,2}):?(\d{2})(?::?(\d{2}))?$/.exec(input.value.trim().replaceAll("：", ":"));
    const [hour, minute, second] = found ? found.slice(1).map((part) => Number(part ?? 0)) : [99, 0, 0];
    const valid = hour <= 24 && minute < 60 && second < 60;
    input.setCustomValidity(valid ? "" : this.words.wrong_time);
    if (!valid) return NaN;
    const midnight = Math.floor((after + SHANGHAI) / DAY) * DAY - SHANGHAI;
    const instant = midnight + ((hour * 60 + minute) * 60 + second) * SECOND;
    return instant < after - SECOND ? instant + DAY : Math.max(instant, after);
  }

  key(event) {
    const path = event.composedPath();
    const typing = path.some((each) => ["INPUT", "SELECT", "TEXTAREA"].includes(each.tagName));
    const elsewhere = !path.includes(this.root) && document.activeElement !== document.body;
    if (typing || elsewhere || event.ctrlKey || event.metaKey || event.altKey) return;
    const actions = {
      Space: () => this.picture.toggle(),
      ArrowLeft: () => this.picture.jump(-JUMP),
      ArrowRight: () => this.picture.jump(JUMP),
      Comma: () => this.picture.step(-1),
      Period: () => this.picture.step(1),
      KeyF: () => this.fullScreen(),
      ...(this.mayMark ? { KeyM: () => this.markShown() } : {}),
    };
    const action = actions[event.code];
    if (!action) return;
    event.preventDefault();
    action();
  }

  end() {
    document.removeEventListener("keydown", this.keys);
    this.strip.observer.disconnect();
    this.picture.close();
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
