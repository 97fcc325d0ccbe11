// All pictures of a room in step with one clock. Each video plays by itself and is held to the clock by small
// changes of its speed; paused, each stands at the very picture of the clock's moment. Where a browser cannot keep
// several in step (fast, or on a small machine) they go on together from still to still, and the player says so.

const BEAT = 20; // milliseconds, as all that follow
const PATIENCE = 400; // a picture may stay away, before all wait for it
const LEFT_BEHIND = 6000; // all wait so long for one
const BEGINS_WITHIN = 1000;
const BEGUN = 60; // of its time: before, a video's clock is not steady yet
const LAGS = 50; // of the pictures' time, on average over
const SMOOTHED = 1500;
const STEPS_FROM = 4; // times: from here on a few milliseconds are 50 of the pictures' time

class Group {
  // told: tick(), ended(), said(text), opened().
  constructor(words, told) {
    Object.assign(this, { words, told, pictures: [], main: null, heard: null, silent: false, layout: "main" });
    this.clock = new Clock();
    this.root = make("div", "pictures");
    this.timer = setInterval(() => this.beat(), BEAT);
  }

  // ---- what is open ----

  // Opens a range of the lanes that have footage in it, `main` first.
  open(lanes, range, at, main, language) {
    this.halt();
    this.wanted = range;
    const known = new Map(this.pictures.map((picture) => [picture.lane.id, picture]));
    this.wanted = range;
    this.pictures = lanes.flatMap((lane, place) => {
      if (!lane.runs.some(([start, end]) => start < range[1] && end > range[0])) return [];
      const picture = known.get(lane.id) ?? new Picture(lane, place + 1, this.words, this.clock, this.hears());
      return [Object.assign(picture, { lane, language })];
    });
    for (const picture of known.values()) if (!this.pictures.includes(picture)) picture.close();
    this.main = this.pictures.find(({ lane }) => lane.id === main) ?? null;
    this.heard = this.silent ? null : this.main;
    this.clock.set(Math.min(Math.max(at, this.span[0]), this.span[1]));
    this.inSight.forEach((picture) => picture.open(range, this.clock.now));
    this.arrange();
  }

  hears() {
    return {
      tick: () => this.told.tick(),
      opened: () => this.told.opened(),
      paused: (picture) => this.pausedOutside(picture),
      chosen: (picture) => (picture === this.main ? this.toggle() : this.told.chosen(picture.lane.id)),
      heard: (picture) => this.hear(picture),
      skip: (instant) => this.seek(instant),
    };
  }

  // News of what was recorded.
  news(lanes) {
    for (const picture of this.pictures) picture.lane = lanes.find(({ id }) => id === picture.lane.id) ?? picture.lane;
  }

  // Those that the layout shows.
  get inSight() {
    return this.layout === "one" ? this.pictures.filter((picture) => picture === this.main) : this.pictures;
  }

  // From the first picture to the end of the last in the range.
  get span() {
    const [from, to] = this.wanted;
    const files = this.inSight.map(({ file, lane }) => {
      const runs = lane.runs.filter(([start, end]) => start < to && end > from);
      return [file?.start ?? Math.max(runs[0][0], from), file?.complete ? file.end : Math.min(runs.at(-1)[1], to)];
    });
    if (!files.length) return [from, from];
    return [Math.min(...files.map(([start]) => start)), Math.max(...files.map(([, end]) => end))];
  }

  choose(camera) {
    const former = this.main;
    const chosen = this.pictures.find(({ lane }) => lane.id === camera);
    if (!chosen || chosen === former) return;
    this.main = chosen;
    if (this.heard === former) this.hear(chosen);
    this.show();
  }

  lay(layout) {
    this.layout = layout;
    this.show();
  }

  // Another choice of pictures goes on at the same moment.
  show() {
    for (const picture of this.pictures) {
      if (!this.inSight.includes(picture)) picture.close();
      else if (!picture.file && !picture.opening) picture.open(this.wanted, this.clock.now);
    }
    this.arrange();
    if (this.playing) this.seek(this.clock.now);
  }

  arrange() {
    const shown = this.inSight;
    this.root.dataset.layout = shown.length > 1 ? this.layout : "one";
    this.root.style.setProperty("--rows", Math.max(shown.length - 1, 2));
    this.root.style.setProperty("--columns", Math.ceil(Math.sqrt(shown.length)));
    const inPlace = [...this.root.children];
    inPlace.filter((tile) => !shown.some(({ root }) => root === tile)).forEach((tile) => tile.remove());
    for (const { root } of shown) if (!root.isConnected) this.root.append(root); // a moved video would stop
    for (const picture of shown) {
      picture.root.style.order = shown.indexOf(picture);
      picture.root.classList.toggle("chosen", picture === this.main);
    }
    this.hear(this.heard);
  }

  hear(picture) {
    this.heard = picture;
    this.silent = !picture;
    for (const each of this.pictures) each.video.muted = each !== picture;
    this.told.tick();
  }

  // ---- the clock ----

  // What the clock is read from when pictures begin: what is heard, else what is large.
  get leader() {
    const there = this.inSight.filter((picture) => picture.covers(this.clock.now) && !picture.hole);
    return [this.heard, this.main].find((picture) => there.includes(picture)) ?? there[0];
  }

  get stepping() {
    return this.inSight.length > 1 && (this.clock.speed >= STEPS_FROM || this.tooFast === this.clock.speed);
  }

  toggle() {
    if (this.playing) this.pause();
    else this.play();
  }

  play() {
    if (!this.pictures.length) return;
    const [start, end] = this.span;
    if (this.clock.now >= end - 2000) {
      if (this.told.ended()) return;
      this.clock.set(start);
    }
    this.playing = true;
    this.waitForAll();
    this.told.tick();
  }

  // Every picture stands at the clock's moment.
  pause() {
    if (!this.playing) return;
    this.halt();
    this.place();
    this.told.tick();
  }

  halt() {
    this.playing = this.waiting = this.beginning = this.walk = null;
    this.clock.stand();
    for (const picture of this.inSight) {
      picture.rest();
      picture.thaw();
    }
  }

  // The browser or a person's device has paused a video: all pause there.
  pausedOutside(picture) {
    if (!this.playing) return;
    this.halt();
    this.clock.set(picture.now);
    this.inSight.filter((each) => each !== picture).forEach((each) => each.place(picture.now));
    this.told.tick();
  }

  place() {
    return Promise.all(this.inSight.map((picture) => picture.place(this.clock.now)));
  }

  seek(instant) {
    if (!this.pictures.length) return;
    const [start, end] = this.span;
    this.clock.set(Math.min(Math.max(instant, start), end - 1000));
    if (this.playing) this.waitForAll();
    else this.place();
    this.told.tick();
  }

  goAt(speed) {
    this.clock.goAt(speed);
    this.tooFast = null;
    if (this.playing) this.waitForAll();
    else this.told.said("");
  }

  // One picture of the large camera on or back; the others follow to the same moment.
  async step(direction) {
    if (this.stepped || !this.main) return;
    this.pause();
    const picture = this.main.covers(this.clock.now) && !this.main.hole ? this.main : this.leader;
    this.stepped = picture?.step(direction);
    const shown = await this.stepped;
    this.stepped = null;
    if (!shown) return;
    this.clock.set(shown);
    this.inSight.filter((each) => each !== picture).forEach((each) => each.place(shown));
    this.told.tick();
  }

  // ---- playing ----

  // All go to the clock's moment and begin together.
  waitForAll() {
    this.walk = this.beginning = null;
    this.clock.stand();
    this.waiting = performance.now();
    for (const picture of this.inSight) {
      picture.rest();
      if (this.stepping) picture.freeze();
      picture.corrections = 0;
      if (Math.abs((picture.now ?? 0) - this.clock.now) > 1000) picture.place(this.clock.now);
    }
  }

  beat() {
    if (!this.playing || this.walk) return;
    if (this.waiting) return this.beginWhenReady();
    if (this.beginning) return this.runWithLeader();
    if (this.overEdge()) return;
    const late = this.inSight.filter((picture) => !picture.follow(this.clock, picture === this.heard));
    this.inSight.forEach((picture) => picture.ready && (picture.late = false));
    this.watch(late.filter((picture) => !picture.late));
  }

  beginWhenReady() {
    const now = this.clock.now;
    const awaited = (picture) => picture.opening || (picture.covers(now) && !picture.ready && !picture.failed);
    const late = this.inSight.filter(awaited);
    if (late.length && performance.now() - this.waiting < LEFT_BEHIND) return;
    late.forEach((picture) => (picture.late = true));
    this.waiting = this.lateSince = null;
    this.lag = 0;
    if (this.stepping) return this.walkAlong();
    this.told.said("");
    this.inSight.forEach((picture) => picture.thaw());
    const { leader } = this;
    this.beginning = { leader, from: leader?.now, since: performance.now() };
    leader?.start(this.clock.speed);
  }

  // A video begins some 50 ms after it is told to, later with sound: the others begin when the leader moves, and
  // the clock with it.
  runWithLeader() {
    const { from, leader, since } = this.beginning;
    const { now, speed } = this.clock;
    const over = performance.now() - since > BEGINS_WITHIN;
    const moved = leader ? (leader.now - from) / 1000 / speed : Infinity;
    if (moved > 0 || over) this.inSight.forEach((picture) => picture.covers(now) && picture.start(speed));
    if (moved < BEGUN && !over) return;
    this.beginning = null;
    if (leader && moved > 0) this.clock.set(leader.now);
    this.clock.run();
  }

  // At the end, or where nothing of any camera was recorded: goes on there, and says so.
  overEdge() {
    const { now } = this.clock;
    if (now >= this.span[1] - 1000) {
      this.halt();
      this.clock.set(this.span[1]);
      this.place();
      this.told.ended();
      return true;
    }
    const holes = this.inSight.map((picture) => picture.wanted && picture.holeAt(now));
    if (holes.some((hole) => !hole)) return false;
    const end = Math.min(...holes.map(([, end]) => end));
    if (end >= this.span[1]) return false;
    this.told.skipped(Math.max(...holes.map(([start]) => start)), end);
    this.seek(end);
    return true;
  }

  // Waits for who stays away; who cannot keep up at a high speed makes all go from still to still.
  watch(late) {
    const now = performance.now();
    this.lateSince = late.length ? (this.lateSince ?? now) : null;
    const lag = Math.max(...this.inSight.map((picture) => picture.lag(this.clock.now)));
    this.lag += (Math.max(lag, 0) - this.lag) * (BEAT / SMOOTHED);
    const struggles = this.lag > LAGS || this.inSight.some((picture) => picture.corrections > 3);
    if (this.inSight.length > 1 && this.clock.speed > 1 && struggles) {
      this.tooFast = this.clock.speed;
      return this.waitForAll();
    }
    if (this.lateSince && now - this.lateSince > PATIENCE) this.waitForAll();
  }

  // From still to still: each time all stand at one moment, the next one is where the clock has got to. What is
  // seen changes at once, when the last one is there.
  async walkAlong() {
    const walk = (this.walk = Symbol("walk"));
    this.told.said(this.words.stepping);
    this.clock.run();
    while (this.walk === walk && !this.overEdge()) {
      const { now } = this.clock;
      const there = this.inSight.filter((picture) => picture.covers(now));
      there.forEach((picture) => picture.freeze());
      await Promise.all(there.map((picture) => picture.place(now)));
      there.forEach((picture) => picture.thaw());
      for (const picture of this.inSight) if (!there.includes(picture)) picture.stayOut(now);
      this.told.tick();
    }
  }

  end() {
    clearInterval(this.timer);
    this.halt();
    this.pictures.forEach((picture) => picture.close());
  }
}
