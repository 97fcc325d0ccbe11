// A tile of the wall: one camera's picture, how old it is, and whether it is recorded.
//
// Nothing here may look live that is not. The shade over the picture is an animation that the clock of the page
// drives, set back by every picture: it darkens by itself when pictures stop, also while scripts are held up.

const TICK = 250; // milliseconds, as all that follow
const LATE = 1500;
const LOST = 3000;
const SILENT_AT_MOST = 30000; // the gateway finds a returning camera by itself; beyond that, ask anew
const LONGEST_PAUSE = 5000;
const STAYS_CONNECTED = 3000; // out of sight
const SHADE_SET_EVERY = 300;

class Tile {
  // board: what the tile's buttons ask for.
  constructor(camera, data, board) {
    Object.assign(this, { camera, data, board });
    this.wanted = { big: false, sound: false };
    this.failures = 0;
    this.inSight = false;
    this.returned = 0;
    this.build();
    this.label();
    this.timer = setInterval(() => this.tick(), TICK);
    this.follow();
  }

  build() {
    this.root = element("figure", "tile");
    this.root.tabIndex = 0;
    this.root.dataset.camera = this.camera.id;
    this.picture = element("div", "picture");
    this.picture.onclick = () => this.board.enlarge(this);
    this.shadeOver = element("div", "shade");
    this.shade = this.shadeOver.animate([{ opacity: 0 }, { opacity: 0, offset: 0.99 }, { opacity: 1 }], { duration: LOST, fill: "forwards" });
    this.notice = element("div", "notice");
    this.notice.setAttribute("role", "status");
    this.imprint = element("div", "imprint");
    this.tools = element("div", "tools");
    this.tools.onclick = (event) => event.stopPropagation();
    this.picture.append(this.shadeOver, this.notice, this.imprint, this.tools);
    this.buttons = {
      mark: this.button("mark", () => this.board.mark(this)),
      sound: this.button("muted", () => this.board.sound(this)),
      enlarge: this.button("enlarge", () => this.board.enlarge(this)),
      full: this.button("full_screen", () => this.fullScreen()),
    };
    const caption = element("figcaption");
    this.place = element("span", "place");
    this.now = element("span", "now");
    [this.state, this.age, this.extra, this.recording] = ["state", "age", "extra", "recording"].map((name) => element("span", name));
    this.now.append(this.state, this.age, this.extra, this.recording);
    caption.append(this.place, this.now);
    this.root.append(this.picture, caption);
  }

  button(name, press) {
    const made = element("button");
    made.type = "button";
    made.append(icon(name));
    made.onclick = press;
    this.tools.append(made);
    return made;
  }

  label() {
    const { camera, data: { words } } = this;
    this.root.setAttribute("aria-label", `${camera.place} ${camera.name}`);
    this.place.replaceChildren(element("b", "", camera.place), ` · ${camera.name}`);
    const sounding = this.wanted.sound;
    const names = {
      mark: `${words.mark} (M)`,
      sound: camera.sound ? `${words[sounding ? "sound_off" : "sound_on"]} (S)` : words.no_sound,
      enlarge: `${words[this.enlarged ? "make_small" : "enlarge"]} (${this.enlarged ? "Esc" : "Enter"})`,
      full: `${words.full_screen} (F)`,
    };
    for (const [name, button] of Object.entries(this.buttons)) {
      button.title = names[name];
      button.setAttribute("aria-label", names[name]);
    }
    this.buttons.mark.hidden = !camera.markable;
    this.buttons.sound.disabled = !camera.sound;
    this.buttons.sound.setAttribute("aria-pressed", sounding);
    this.buttons.sound.replaceChildren(icon(sounding ? "mute" : "muted"));
    this.root.dataset.sound = sounding ? "on" : "off";
  }

  update(camera, data) {
    this.camera = { ...this.camera, ...camera };
    this.data = data;
    this.label();
    this.follow();
  }

  // What the recorder says of the camera; without an answer it is not known.
  report(said) {
    if (!this.camera.allowed) return;
    const { words, language } = this.data;
    this.root.dataset.recording = said ? (said.recording ? "on" : "off") : "unknown";
    const why = said && !said.recording ? said.why[language] : "";
    write(this.recording, !said ? words.recording_unknown : said.recording ? words.recording : words.not_recording);
    if (why) this.recording.append(element("span", "why", words.because.replace("{why}", why)));
    this.recording.title = why;
    if (said && (said.enabled !== this.camera.enabled || said.sound !== this.camera.sound)) {
      this.update({ enabled: said.enabled, sound: said.sound }, this.data);
    }
  }

  // Only what is seen is pulled; it stays connected for a moment longer, so that turning pages is quick.
  see(inSight) {
    if (inSight === this.inSight) return;
    this.inSight = inSight;
    clearTimeout(this.resting);
    this.resting = inSight ? null : setTimeout(() => this.restNow(), STAYS_CONNECTED);
    if (inSight) this.lookAgain();
  }

  restNow() {
    this.resting = null;
    this.follow();
  }

  // What stands in the video may be old by now: it counts when a new picture has come.
  lookAgain() {
    this.returned = performance.now();
    this.shade.finish();
    this.follow();
    this.tick();
  }

  want(change) {
    this.wanted = { ...this.wanted, ...change };
    if ("big" in change) this.mainFails = false;
    if (this.shown) this.shown.video.muted = !this.wanted.sound;
    this.label();
    this.follow();
  }

  // Brings about what is wanted now: connected or not, and how.
  follow() {
    if (this.barred()) return;
    if (this.board.asleep || (!this.inSight && !this.resting)) return this.rest();
    if (!this.inSight) return;
    const spec = this.spec();
    if (this.coming && (!this.shown || this.coming.same(spec))) return;
    this.dropComing();
    if (this.shown ? !this.shown.same(spec) : !this.again) this.connect(spec);
  }

  // Whether there is nothing to ask for: switched off, not allowed, or the server has said so.
  barred() {
    const { allowed, enabled } = this.camera;
    const bar = allowed ? (enabled ? null : "off") : "not_allowed";
    if (bar) this.stop(bar);
    else if (this.bar) this.stopped = null;
    this.bar = bar;
    return Boolean(this.stopped);
  }

  dropComing() {
    this.coming?.close();
    this.coming?.video.remove();
    this.coming = null;
  }

  // First the small stream, which is the quickest and which others may be watching; the large one follows.
  spec() {
    const { streams } = this.camera;
    const big = this.wanted.big && this.shown && !this.mainFails;
    return { stream: big ? streams.at(-1) : streams[0], sound: this.wanted.sound && this.camera.sound };
  }

  connect(spec) {
    clearTimeout(this.again);
    this.again = null;
    const { words, language, ice_servers: iceServers } = this.data;
    const doubtful = this.failures > 0 || this.camera.doubtful;
    const told = {
      picture: (one, first) => this.pictured(one, first),
      failed: (one, state, reason, pause) => this.failed(one, state, reason, pause),
      stopped: (one, state, reason) => this.stop(state, reason),
    };
    this.coming = new Connection(this.camera, spec, { words, language, iceServers, doubtful }, told);
    this.picture.prepend(this.coming.video); // below the one before
    this.tick();
  }

  pictured(connection, first) {
    if (connection === this.coming) this.swap();
    if (first || !["live", "delayed"].includes(this.root.dataset.state)) {
      this.tick();
      this.follow();
    }
    const now = performance.now();
    if (now - (this.shadeSet ?? 0) > SHADE_SET_EVERY && connection.silence() < LOST) {
      this.shade.currentTime = connection.silence();
      this.shadeSet = now;
    }
  }

  swap() {
    if (!this.shown) this.root.dataset.firstPictureMs = Math.round(performance.now() - this.coming.begun);
    this.shown?.close();
    this.shown = this.coming;
    this.coming = null;
    this.failures = 0;
    for (const video of this.picture.querySelectorAll("video")) if (video !== this.shown.video) video.remove();
    this.root.dataset.stream = this.shown.spec.stream;
  }

  // The one that was coming can not be: the one that is on stays on. Else once more, later.
  failed(connection, state, reason, pause) {
    if (connection === this.coming && this.shown?.silence() < LOST) {
      this.dropComing();
      if (connection.spec.stream !== this.shown.spec.stream) this.mainFails = true;
      if (connection.spec.sound && !this.shown.spec.sound) this.board.sound(this, false);
      return;
    }
    this.hangUp();
    this.show(state, reason);
    const grown = Math.min(500 * 2 ** this.failures++, LONGEST_PAUSE);
    this.again = setTimeout(() => {
      this.again = null;
      this.follow();
    }, pause ?? grown * (0.8 + 0.4 * Math.random()));
  }

  stop(state, reason) {
    this.stopped = state;
    this.hangUp();
    this.show(state, reason);
  }

  // Out of sight: nothing is pulled and nothing old is kept to be seen.
  rest() {
    this.hangUp();
    this.failures = 0;
    this.picture.querySelectorAll("video").forEach((video) => video.remove());
    this.show("connecting");
    if (this.wanted.sound) this.board.sound(this, false);
  }

  hangUp() {
    clearTimeout(this.again);
    this.lastAt = this.pictureAt() ?? this.lastAt;
    this.dropComing();
    this.shown?.close(); // its video stays with the last picture
    this.again = this.shown = null;
    this.mainFails = false;
  }

  // When the last picture was taken, by the server's clock; undefined without one.
  pictureAt() {
    return this.shown && new Date(CLOCK.now() - this.shown.age());
  }

  tick() {
    if (document.hidden || !this.inSight || this.stopped) return;
    const { shown } = this;
    const hangs = performance.now() - this.coming?.asked > FIRST_PICTURE_WITHIN;
    if (hangs) this.failed(this.coming, "lost");
    else this.judge(shown);
    this.stamp();
  }

  // How it looks by what is known now.
  judge(shown) {
    const looked = performance.now() - this.returned;
    if (!shown) {
      if (this.coming) this.awaitPicture(this.coming);
      else this.show(this.root.dataset.state, this.reason); // waits to connect again
    } else if (shown.silence() > SILENT_AT_MOST && looked > LOST) this.failed(shown, "lost");
    else if (shown.silence() <= LOST) this.show(shown.age() > LATE ? "delayed" : "live");
    else if (looked <= LOST) this.show("connecting", this.data.words.returning);
    else {
      this.show("lost");
      shown.renewSoon(); // the camera is gone, or the gateway
    }
  }

  // Waits for the first picture, and says so when it takes long.
  awaitPicture(coming) {
    const waited = performance.now() - coming.begun;
    if (this.failures) return this.show(this.root.dataset.state, this.reason); // what went wrong stays to be read
    const words = this.data.words.no_picture_yet.replace("{seconds}", Math.floor(waited / 1000));
    this.show("connecting", waited > LOST ? words : "");
  }

  show(state, reason) {
    const { words, language } = this.data;
    const playing = state === "live" || state === "delayed";
    this.reason = reason;
    this.root.dataset.state = state;
    if (!playing) this.shade.finish();
    const at = this.pictureAt() ?? this.lastAt;
    const age = at && CLOCK.now() - at;
    if (at) this.root.dataset.ageMs = Math.round(age);
    write(this.state, words[state]);
    write(this.age, at ? words[playing ? "age" : "last_seen"].replace("{age}", duration(age, language)) : "");
    const last = at && !playing && state === "lost" ? `\n${words.last_picture.replace("{time}", TIME.format(at))}` : "";
    write(this.notice, playing ? "" : (reason || words[`${state}_notice`]) + last);
    this.notice.hidden = playing;
    this.shadeOver.dataset.words = playing ? words.stopped : "";
    this.showExtra(playing);
  }

  showExtra(playing) {
    const { words } = this.data;
    const converted = playing && this.shown.converted;
    const onlySmall = playing && this.wanted.big && this.mainFails;
    write(this.extra, converted ? words.converted : onlySmall ? words.only_small : "");
    this.extra.title = converted ? words[`converted_${converted}`] ?? "" : onlySmall ? words.only_small_help : "";
  }

  // Viewer and time, on the picture itself and not on the black beside it.
  stamp() {
    write(this.imprint, `${this.data.viewer}  ${DAY_AND_TIME.format(CLOCK.now())}`);
    const { videoWidth, videoHeight } = this.shown?.video ?? {};
    if (!videoWidth) return;
    const narrower = (videoWidth / videoHeight) * (9 / 16);
    this.imprint.style.setProperty("--beside", `${50 * Math.max(0, 1 - narrower)}%`);
    this.imprint.style.setProperty("--below", `${50 * Math.max(0, 1 - 1 / narrower)}%`);
  }

  fullScreen() {
    if (document.fullscreenElement) document.exitFullscreen();
    else if (this.root.requestFullscreen) this.root.requestFullscreen();
    else this.shown?.video.webkitEnterFullscreen?.(); // iPhones know it for videos only
  }

  remove() {
    clearInterval(this.timer);
    clearTimeout(this.resting);
    this.hangUp();
    this.root.remove();
  }
}
