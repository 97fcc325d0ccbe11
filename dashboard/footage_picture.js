// The picture of a footage player: a video whose first picture was taken at a known wall clock, and what lies
// over it. All instants are microseconds since 1970.

const JOINED = 0.1 * SECOND; // runs closer than this are shown without a note
const USUAL_FRAME = 0.04; // seconds, where the camera's frame rate is not known
const LONGEST_STEP = 2; // seconds without a picture that a step goes over; more is a hole

class Picture {
  constructor(words, { tick, ended, broken }) {
    this.words = words;
    this.tell = { tick, ended, broken };
    this.viewer = "";
    this.root = make("div", "picture");
    this.video = make("video");
    Object.assign(this.video, { playsInline: true, preload: "metadata", disablePictureInPicture: true });
    this.missing = make("div", "missing");
    this.mark = make("div", "mark");
    this.notice = make("div", "notice");
    this.notice.setAttribute("role", "status");
    this.root.append(this.video, this.missing, this.mark, this.notice);
    this.root.onclick = () => this.toggle();
    this.missing.onclick = this.notice.onclick = (event) => event.stopPropagation();
    this.listen();
    this.close();
  }

  listen() {
    const video = this.video;
    video.onplay = video.onpause = video.ontimeupdate = () => this.tick();
    video.onloadeddata = () => this.say("");
    video.onended = () => this.tell.ended();
    video.onerror = () => this.file && video.getAttribute("src") && this.tell.broken();
    const presented = (now, { mediaTime }) => {
      this.pictureTime = mediaTime;
      this.tick();
      video.requestVideoFrameCallback(presented);
    };
    video.requestVideoFrameCallback(presented);
  }

  // file: source, start and end of what it shows; runs: what was recorded, gaps: why something was not.
  open(file, lane, at) {
    this.file = file;
    this.lane = lane;
    this.pictureTime = 0;
    this.video.src = file.source;
    this.seek(at);
  }

  close() {
    this.file = null;
    this.pictureTime = 0;
    this.video.removeAttribute("src");
    this.video.load();
    this.tick();
  }

  // The wall clock that the player stands at; null while nothing is open.
  get now() {
    return this.file ? this.file.start + Math.round(this.video.currentTime * SECOND) : null;
  }

  // The picture's own wall clock; where there is none, that of the player.
  get shown() {
    return this.file && !this.hole ? this.file.start + Math.round(this.pictureTime * SECOND) : this.now;
  }

  // Where nothing was recorded between two runs of the file.
  holes() {
    const { start: from, end: to } = this.file;
    const { runs } = this.lane;
    const between = runs.slice(1).map(([start], number) => [runs[number][1], start]);
    return between.filter(([start, end]) => end - start > JOINED && end > from && start < to);
  }

  tick() {
    const { now } = this;
    const hole = this.file && this.holes().find(([start, end]) => start <= now && now < end);
    if (String(hole) !== String(this.hole) || !this.file) this.showHole(hole);
    this.mark.textContent = this.file ? `${this.viewer}  ${dayOf(this.shown)} ${timeOf(this.shown)}` : this.viewer;
    this.tell.tick();
  }

  showHole(hole) {
    this.hole = hole;
    this.missing.hidden = !hole;
    if (!hole) return;
    const [start, end] = hole;
    const gaps = this.lane.gaps.filter((gap) => gap.start < end && gap.end > start);
    this.missing.replaceChildren(
      make("strong", "", this.words.not_recorded),
      ...(gaps.length ? gaps.map((gap) => gap.text) : [`${timeOf(start)}–${timeOf(end)}`]).map((text) => make("span", "", text)),
      this.offer(this.words.skip.replace("{time}", timeOf(end)), () => this.seek(end)),
    );
  }

  offer(word, action) {
    const button = make("button", "offer", word);
    button.onclick = action;
    return button;
  }

  say(text, word, action) {
    this.notice.hidden = !text;
    this.notice.replaceChildren(make("span", "", text), ...(word ? [this.offer(word, action)] : []));
  }

  seek(instant) {
    if (!this.file) return;
    const { start, end } = this.file;
    // A hair past the moment: browsers round down to the picture before.
    const inside = Math.min(Math.max(instant, start), end - 1000) + 500;
    this.video.currentTime = (inside - start) / SECOND;
    this.tick();
  }

  jump(seconds) {
    this.seek(this.now + seconds * SECOND);
  }

  // One picture on or back. Pictures do not come evenly, so going on tries a little further each time.
  async step(direction) {
    if (!this.file) return;
    this.video.pause();
    const before = this.pictureTime;
    const frame = this.lane.frame_rate ? 1 / this.lane.frame_rate : USUAL_FRAME;
    const most = direction < 0 ? 5 : Math.ceil(LONGEST_STEP / frame / 0.52);
    for (let tries = 1; tries <= most && this.pictureTime === before; tries++) {
      const target = direction < 0 ? before - 0.001 * tries : before + frame * (0.5 + 0.52 * tries);
      if (target < 0 || target > this.video.duration) return;
      await this.landed(target);
    }
  }

  landed(seconds) {
    return new Promise((resolve) => {
      const done = () => setTimeout(resolve, 60); // the picture is presented a moment after "seeked"
      this.video.addEventListener("seeked", done, { once: true });
      this.video.currentTime = seconds;
    });
  }

  play() {
    this.video.play().catch(() => {});
  }

  toggle() {
    if (!this.file || (this.video.ended && this.tell.ended())) return;
    if (this.video.paused) this.play();
    else this.video.pause();
  }

  speed(rate) {
    this.video.defaultPlaybackRate = this.video.playbackRate = rate;
  }
}
