// The picture of one camera in a footage player: a video whose first picture was taken at a known wall clock, and
// what lies over it. All instants are microseconds since 1970.

const JOINED = 0.1 * SECOND; // runs closer than this are shown without a note
const USUAL_FRAME = 0.04; // seconds, where the camera's frame rate is not known
const LONGEST_STEP = 2; // seconds without a picture that a step goes over; more is a hole
const HAIR = 500; // past the moment: browsers round down to the picture before
const SAME_AFTER = 400; // milliseconds after "seeked" the picture is the one that was there
const PRESENTED_WITHIN = 2000; // milliseconds, as all that follow; where pictures come unevenly
const LANDED_WITHIN = 6000;
const FAR_OFF = 150; // further off the clock than that is sought anew
const OFF = 5; // nearer is left alone, once it was nearer than half of it
const CAUGHT_UP_IN = 400;
const DRAWN_AFTER = 8; // on average, until the screen's next turn
const STEADY = 8; // pictures on average
const MOST_NUDGE = { heard: 0.05, silent: 0.25 }; // of the speed

class Picture {
  // told: tick(), opened(picture), paused(picture), chosen(picture), heard(picture), skip(instant).
  constructor(lane, number, words, clock, told) {
    Object.assign(this, { lane, words, clock, told, seen: 0, file: null, hole: null, pictureTime: null, seekTakes: 100 });
    this.root = make("div", "picture");
    this.root.dataset.camera = lane.id;
    this.video = make("video");
    Object.assign(this.video, { playsInline: true, preload: "auto", disablePictureInPicture: true, muted: true });
    this.last = make("canvas", "last");
    this.missing = make("div", "missing");
    this.mark = make("div", "mark");
    this.notice = make("div", "notice");
    this.notice.setAttribute("role", "status");
    this.name = make("div", "name", `${number} ${lane.name}`);
    this.root.append(this.video, this.last, this.missing, this.mark, this.name, this.notice);
    this.root.onclick = () => told.chosen(this);
    for (const over of [this.missing, this.notice]) {
      over.onclick = (event) => event.target.closest("button") && event.stopPropagation();
    }
    this.last.hidden = true;
    this.listen();
    this.say("");
    this.showHole(null);
  }

  listen() {
    const { video } = this;
    video.onpause = () => this.moving && !video.ended && this.told.paused(this);
    video.onseeked = () => this.told.tick();
    video.onloadeddata = () => this.say("");
    video.onerror = () => this.file && video.getAttribute("src") && this.broken();
    const presented = (now, { mediaTime, expectedDisplayTime }) => {
      this.pictureTime = mediaTime;
      this.compare(expectedDisplayTime);
      if (!this.frozen) this.last.hidden = true;
      this.told.tick();
      video.requestVideoFrameCallback(presented);
    };
    video.requestVideoFrameCallback(presented);
  }

  // ---- what is open ----

  // Opens the range up to the end of what is recorded in it: then the file stays the same while it plays.
  async open(range, at) {
    const recorded = this.lane.runs.filter(([start, end]) => start < range[1] && end > range[0]);
    const opening = (this.opening = Symbol("opening"));
    this.keepLast();
    Object.assign(this, { wanted: range, file: null, late: false });
    this.say(recorded.length ? this.words.preparing : this.words.nothing);
    if (!recorded.length) return (this.opening = null);
    const file = await fileOf(this.lane.id, [range[0], Math.min(range[1], recorded.at(-1)[1])]);
    if (opening !== this.opening) return; // something else was chosen meanwhile
    this.opening = null;
    if (!file.start) return this.refused(file);
    Object.assign(this, { file, pictureTime: null });
    this.video.src = file.source;
    this.place(Math.max(at, file.start));
    this.told.opened(this);
  }

  // Until the next file has its first picture, the last one of this one stays.
  keepLast() {
    this.rest();
    if (this.file) this.freeze();
    this.frozen = false;
  }

  // What is seen stays as it is, whatever the video does.
  freeze() {
    const { last, video } = this;
    if (this.frozen || video.readyState < 2) return;
    this.frozen = true;
    const { videoWidth: width, videoHeight: height } = video;
    if (last.width !== width || last.height !== height) Object.assign(last, { width, height });
    last.getContext("2d").drawImage(video, 0, 0);
    last.hidden = false;
  }

  thaw() {
    this.frozen = false;
    this.last.hidden = true;
  }

  close() {
    this.rest();
    Object.assign(this, { file: null, opening: null, pictureTime: null });
    this.video.removeAttribute("src");
    this.video.load();
  }

  async refused(file) {
    this.last.hidden = true;
    const reason = await reasonOf(file, this.words, this.language);
    this.say(reason, this.words.again, () => this.open(this.wanted, this.wanted[0]));
    this.told.tick();
  }

  // The file went away or became another one: once, it is opened anew at the same moment.
  async broken() {
    const { file, now, wanted } = this;
    this.rest();
    if (this.retried === file.source) return this.refused({ source: file.source, status: 500 });
    this.retried = file.source;
    await this.open(wanted, now);
  }

  // ---- where it is ----

  // The wall clock of the video's position; null while nothing is open.
  get now() {
    return this.file ? this.file.start + Math.round(this.video.currentTime * SECOND) : null;
  }

  // The picture's own wall clock; null where there is none, or none has been presented yet.
  get shown() {
    return this.file && !this.hole && this.pictureTime !== null ? this.file.start + Math.round(this.pictureTime * SECOND) : null;
  }

  covers(instant) {
    return Boolean(this.file) && instant >= this.file.start && instant < this.file.end;
  }

  // Whether it could be shown at once.
  get ready() {
    return this.video.readyState >= 3 && !this.video.seeking;
  }

  get frame() {
    return this.lane.frame_rate ? 1 / this.lane.frame_rate : USUAL_FRAME;
  }

  // Where nothing was recorded around an instant; null where something was.
  holeAt(instant) {
    const [from, to] = this.wanted;
    const edges = [[from, from], ...this.lane.runs.filter(([start, end]) => end > from && start < to), [to, to]];
    const between = edges.slice(1).map(([start], number) => [edges[number][1], start]);
    const last = edges.at(-2)[1]; // the very last picture stays to be seen
    const inside = ([start, end]) => instant >= (start === last ? start + JOINED : start) && instant < end;
    return between.find((hole) => hole[1] - hole[0] > JOINED && inside(hole)) ?? null;
  }

  // Brings what lies over the picture up to the clock.
  look(instant, viewer) {
    const hole = this.wanted && !this.failed ? this.holeAt(instant) : null;
    if (String(hole) !== String(this.hole)) this.showHole(hole);
    const { shown } = this;
    this.root.dataset.shown = shown ?? "";
    this.mark.textContent = shown ? `${viewer}  ${dayOf(shown)} ${timeOf(shown)}` : viewer;
  }

  showHole(hole) {
    this.hole = hole;
    this.missing.hidden = !hole;
    if (!hole) return;
    const [start, end] = hole;
    const gaps = this.lane.gaps.filter((gap) => gap.start < end && gap.end > start);
    const texts = gaps.length ? gaps.map((gap) => gap.text) : [`${timeOf(start)}–${timeOf(end)}`];
    this.missing.replaceChildren(
      make("strong", "", this.words.not_recorded),
      ...texts.map((text) => make("span", "", text)),
      ...(end < this.wanted[1] ? [this.offer(this.words.skip.replace("{time}", timeOf(end)), () => this.told.skip(end))] : []),
    );
  }

  offer(word, action) {
    const button = make("button", "offer", word);
    button.onclick = action;
    return button;
  }

  say(text, word, action) {
    this.failed = Boolean(word);
    this.notice.hidden = !text;
    this.notice.replaceChildren(make("span", "", text), ...(word ? [this.offer(word, action)] : []));
  }

  // ---- standing still ----

  // Shows the very picture that was on at an instant; done when it is there, or was not within a while.
  place(instant) {
    if (!this.file) return Promise.resolve();
    const { start, end } = this.file;
    const inside = Math.min(Math.max(instant, start), end - 1000);
    const since = Math.min(this.holeAt(inside)?.[0] ?? inside, inside); // in a hole the picture before it stays
    return this.landed((inside + HAIR - start) / SECOND, (since + HAIR - start) / SECOND);
  }

  // Once a picture from about `since` up to `seconds` is presented; without `since` it has to be a new one.
  landed(seconds, since) {
    const { video } = this;
    const begun = performance.now();
    const meant = (time) => time <= seconds && time > (since ?? seconds) - 1.2 * this.frame; // not one on the way
    this.seen = 0;
    return new Promise((resolve) => {
      let presented = since !== undefined && this.pictureTime !== null && meant(this.pictureTime);
      let sought = false;
      const look = (now, { mediaTime }) => {
        presented = meant(mediaTime);
        if (presented && sought) resolve();
        else if (!presented && performance.now() - begun < LANDED_WITHIN) video.requestVideoFrameCallback(look);
      };
      video.requestVideoFrameCallback(look);
      const done = () => {
        this.seekTakes += (performance.now() - begun - this.seekTakes) / 4;
        sought = true;
        if (presented) resolve();
        else setTimeout(resolve, since === undefined ? SAME_AFTER : PRESENTED_WITHIN);
      };
      video.addEventListener("seeked", done, { once: true });
      setTimeout(resolve, LANDED_WITHIN);
      video.currentTime = seconds;
    });
  }

  // One picture on or back; its wall clock, or null at the end. Pictures do not come evenly, so going on tries a
  // little further each time.
  async step(direction) {
    const before = this.pictureTime;
    if (before === null) return null;
    const most = direction < 0 ? 5 : Math.ceil(LONGEST_STEP / this.frame / 0.52);
    for (let tries = 1; tries <= most && this.pictureTime === before; tries++) {
      const target = direction < 0 ? before - 0.001 * tries : before + this.frame * (0.5 + 0.52 * tries);
      if (target < 0 || target > this.video.duration) return null;
      await this.landed(target);
    }
    return this.pictureTime === before ? null : this.shown;
  }

  // ---- moving ----

  start(speed) {
    if (this.moving || !this.file) return;
    this.moving = true;
    this.seen = 0;
    this.video.defaultPlaybackRate = this.video.playbackRate = speed;
    this.video.play().catch((error) => {
      if (error.name !== "NotAllowedError" || this.video.muted) return;
      this.told.heard(null); // sound needs a click first
      if (this.moving) this.video.play().catch(() => {});
    });
  }

  rest() {
    this.moving = false;
    this.video.pause();
  }

  // The clock is where its file has nothing: it rests, and opens what was recorded since. Returns whether it has.
  stayOut(now) {
    if (this.moving) this.rest();
    if (this.opening) return false;
    if (this.file && !this.file.complete && now >= this.file.end) this.open([this.file.end, this.wanted[1]], now);
    return true;
  }

  // Keeps close to the clock; returns whether the picture is there to be shown.
  follow(clock, heard) {
    const { now, speed } = clock;
    if (!this.covers(now)) return this.stayOut(now);
    if (!this.ready) return false;
    if (!this.moving) {
      this.place(now + this.seekTakes * 1000 * speed);
      this.start(speed);
      return true;
    }
    const off = (this.now - now) / 1000 / speed;
    this.keepUp(this.seen > STEADY && Math.abs(off) < FAR_OFF ? this.drawnOff : off, speed, heard);
    return true;
  }

  // How far what is drawn is ahead of the clock, in milliseconds: a video that is heard draws its pictures some
  // 15 ms later than its position says.
  compare(drawnAt) {
    if (!this.moving || !this.clock.runs) return (this.seen = 0);
    const off = (this.shown - this.clock.at(drawnAt)) / 1000 / this.clock.speed + DRAWN_AFTER;
    this.seen += 1;
    this.drawnOff = this.seen === 1 ? off : this.drawnOff + (off - this.drawnOff) / Math.min(this.seen, STEADY);
  }

  // off: milliseconds that the picture is ahead.
  keepUp(off, speed, heard) {
    if (Math.abs(off) > FAR_OFF) {
      this.corrections = (this.corrections ?? 0) + 1;
      this.place(this.now - off * 1000 * speed + this.seekTakes * 1000 * speed);
      return;
    }
    if (Math.abs(off) > OFF) this.nudging = true;
    if (Math.abs(off) < OFF / 2) this.nudging = false;
    const most = MOST_NUDGE[heard ? "heard" : "silent"];
    const nudge = this.nudging ? Math.min(Math.max(off / CAUGHT_UP_IN, -most), most) : 0;
    const rate = speed * (1 - nudge);
    if (Math.abs(rate - this.video.playbackRate) > speed * 0.004) this.video.playbackRate = Math.min(rate, 16);
  }

  // Milliseconds that the picture on the screen is older than it should be; 0 while it is sought.
  lag(instant) {
    return this.moving && this.ready && this.shown ? (instant - this.shown) / 1000 - this.frame * 1000 : 0;
  }
}
