// A wall of live pictures by WebRTC (WHEP). All words come ready from Python (dashboard/live_player.py).
//
// The age of a picture is how old it was when it was shown (Transit) and how long that is ago.

const TICK = 250; // milliseconds, as all that follow
const LATE = 1500;
const LOST = 4000;
const FIRST_PICTURE_WITHIN = 12000;
const SILENT_AT_MOST = 30000; // the gateway finds a returning camera by itself; beyond that, ask anew
const RENEW_EVERY = 20000;
const ASK_AGAIN = 2000;
const CLOCK_DRIFT = 0.0002; // a camera's clock runs that much wrong, at most
const LONGEST_PAUSE = 5000;
const PAUSE_WHEN_REFUSED = 30000;

const WALLS = new WeakMap();

function element(tag, className, text) {
  const made = document.createElement(tag);
  if (className) made.className = className;
  if (text) made.textContent = text;
  return made;
}

const CLOCK = new Intl.DateTimeFormat("sv-SE", { timeZone: "Asia/Shanghai", dateStyle: "short", timeStyle: "medium" });

function write(place, text) {
  if (place.textContent !== text) place.textContent = text;
}

function duration(milliseconds, language) {
  const [unit, value] =
    milliseconds < 120000 ? ["second", milliseconds / 1000]
    : milliseconds < 7200000 ? ["minute", milliseconds / 60000]
    : ["hour", milliseconds / 3600000];
  const digits = value < 9.95 && unit === "second" ? 1 : 0;
  const style = { style: "unit", unit, unitDisplay: "short", minimumFractionDigits: digits, maximumFractionDigits: digits };
  return new Intl.NumberFormat(language, style).format(value);
}

// How old a picture is when it is shown, in milliseconds. Known are: how long it lay here; how much later than
// the swiftest one it came, by the camera's own timing; and one picture that is always under way, as a stream
// hands a picture out when the next one begins. Not known, and small on a local network: the swiftest one's way.
class Transit {
  constructor() {
    this.stream = 0;
    this.interval = 0;
    this.swiftest = Infinity;
  }

  of({ rtpTimestamp, receiveTime, presentationTime }) {
    if (rtpTimestamp === undefined || receiveTime === undefined) return 0;
    const step = ((rtpTimestamp - (this.rtp ?? rtpTimestamp)) | 0) / 90;
    if (receiveTime - this.received > 2000) this.swiftest = Infinity; // reconnected: timed anew
    if (step > 5 && step < 1000) this.interval += (step - this.interval) / (this.interval ? 10 : 1);
    this.rtp = rtpTimestamp;
    this.received = receiveTime;
    this.stream += step;
    const way = receiveTime - this.stream;
    this.swiftest = Math.min(way, this.swiftest + step * CLOCK_DRIFT);
    return presentationTime - receiveTime + (way - this.swiftest) + this.interval;
  }
}

class Tile {
  constructor(camera, data) {
    this.camera = camera;
    this.data = data;
    this.failures = 0;
    this.build();
    this.timer = setInterval(() => this.tick(), TICK);
    this.renewal = setInterval(() => this.renew(), RENEW_EVERY);
    if (camera.allowed) this.connect();
    else this.show("not_allowed");
  }

  build() {
    this.root = element("figure", "tile");
    this.root.tabIndex = 0;
    this.root.dataset.camera = this.camera.id;
    this.video = element("video");
    Object.assign(this.video, { muted: true, autoplay: true, playsInline: true, disablePictureInPicture: true });
    this.notice = element("div", "notice");
    this.notice.setAttribute("role", "status");
    this.mark = element("div", "mark");
    this.full = element("button", "full");
    this.full.onclick = () => this.fullScreen();
    const picture = element("div", "picture");
    picture.ondblclick = () => this.fullScreen();
    picture.append(this.video, this.notice, this.mark, this.full);
    this.caption = element("figcaption");
    this.place = element("span", "place");
    this.state = element("span", "state");
    this.age = element("span", "age");
    this.caption.append(this.place, this.state, this.age);
    this.root.append(picture, this.caption);
    this.label();
  }

  label() {
    const { camera, data } = this;
    this.root.setAttribute("aria-label", `${camera.room} ${camera.name}`);
    this.place.replaceChildren(element("b", "", camera.room), ` · ${camera.name}`);
    this.full.setAttribute("aria-label", data.words.full_screen);
    this.full.title = `${data.words.full_screen} (F)`;
  }

  update(camera, data) {
    this.camera = camera;
    this.data = data;
    this.label();
    this.show(this.root.dataset.state, this.reason);
  }

  async connect() {
    this.hangUp();
    if (!this.failures) this.show("connecting"); // else what went wrong stays to be read
    this.begun = performance.now();
    const connection = new RTCPeerConnection({ iceServers: [] });
    this.connection = connection;
    const { receiver } = connection.addTransceiver("video", { direction: "recvonly" });
    if ("jitterBufferTarget" in receiver) receiver.jitterBufferTarget = 0;
    connection.ontrack = ({ track }) => {
      this.video.srcObject = new MediaStream([track]);
      this.video.play().catch(() => {});
    };
    connection.onconnectionstatechange = () => {
      if (connection === this.connection && connection.connectionState === "failed") this.retry("lost");
    };
    try {
      await connection.setLocalDescription();
      const answer = await fetch(`/whep/${this.camera.id}`, {
        method: "POST",
        headers: { "Content-Type": "application/sdp" },
        body: connection.localDescription.sdp,
        signal: AbortSignal.timeout(FIRST_PICTURE_WITHIN),
      });
      if (answer.ok && connection !== this.connection) {
        this.leave(answer.headers.get("Location")); // hung up in the meantime
        return;
      }
      if (connection !== this.connection) return;
      if (!answer.ok) return this.refused(answer.status, await answer.json().catch(() => ({})));
      this.location = answer.headers.get("Location");
      await connection.setRemoteDescription({ type: "answer", sdp: await answer.text() });
      this.watchPictures(connection);
    } catch {
      if (connection === this.connection) this.retry("lost", this.data.words.no_gateway);
    }
  }

  refused(status, body) {
    const reason = body[this.data.language];
    if (status === 401) this.stop("signed_out");
    else if (status === 403) this.stop("not_allowed", reason);
    else if (status === 404) this.retry("lost", reason, PAUSE_WHEN_REFUSED);
    else if (body.error === "not_playable") this.retry("not_playable", reason, PAUSE_WHEN_REFUSED);
    else this.retry("lost", reason);
  }

  retry(state, reason, pause) {
    this.hangUp();
    this.show(state, reason);
    const grown = Math.min(500 * 2 ** this.failures++, LONGEST_PAUSE);
    this.again = setTimeout(() => this.connect(), pause ?? grown * (0.8 + 0.4 * Math.random()));
  }

  stop(state, reason) {
    this.hangUp();
    this.show(state, reason);
  }

  watchPictures(connection) {
    const transit = new Transit();
    const seen = (now, picture) => {
      if (connection !== this.connection) return;
      const first = !this.last;
      this.last = { shown: now, transit: transit.of(picture) };
      this.seenAt = now;
      if (first) {
        this.root.dataset.firstPictureMs = Math.round(now - this.begun);
        this.tick();
      }
      this.failures = 0;
      this.video.requestVideoFrameCallback(seen);
    };
    this.video.requestVideoFrameCallback(seen);
  }

  // Since the last picture was shown, in milliseconds. A hidden page is shown none: that time does not count.
  silence() {
    return performance.now() - Math.max(this.last.shown, this.visibleSince ?? 0);
  }

  tick() {
    if (document.hidden) this.visibleSince = performance.now();
    if (document.hidden) return;
    if (!this.connection) return this.show(this.root.dataset.state, this.reason); // waits to connect again
    if (!this.last) {
      if (performance.now() - this.begun > FIRST_PICTURE_WITHIN) this.retry("lost");
      return;
    }
    const silence = this.silence();
    if (silence > SILENT_AT_MOST) this.retry("lost");
    else if (silence > LOST) this.lose();
    else this.show(this.last.transit + silence > LATE ? "delayed" : "live");
  }

  // The camera is gone, or the gateway: one that was started again knows this viewer no longer.
  lose() {
    this.show("lost");
    if (performance.now() - (this.renewed ?? 0) > ASK_AGAIN) this.renew();
  }

  show(state, reason) {
    const { words, viewer, language } = this.data;
    const playing = state === "live" || state === "delayed";
    const age = playing ? this.last.transit + this.silence() : this.seenAt && performance.now() - this.seenAt;
    this.reason = reason;
    this.root.dataset.state = state;
    if (age) this.root.dataset.ageMs = Math.round(age);
    write(this.state, words[state]);
    write(this.age, age ? words[playing ? "age" : "last_seen"].replace("{age}", duration(age, language)) : "");
    write(this.mark, `${viewer}  ${CLOCK.format(new Date())}`);
    write(this.notice, playing ? "" : reason || words[`${state}_notice`]);
    this.notice.hidden = playing;
  }

  fullScreen() {
    if (document.fullscreenElement) document.exitFullscreen();
    else if (this.root.requestFullscreen) this.root.requestFullscreen();
    else this.video.webkitEnterFullscreen?.(); // iPhones know it for videos only
  }

  async renew() {
    if (!this.location) return;
    const { connection, location } = this;
    this.renewed = performance.now();
    const answer = await fetch(location, { method: "PATCH" }).catch(() => null);
    if (!answer || connection !== this.connection) return;
    if (answer.status === 401) this.stop("signed_out");
    else if (answer.status === 403) this.stop("not_allowed");
    else if (answer.status === 404) this.retry("lost");
  }

  leave(location) {
    fetch(location, { method: "DELETE", keepalive: true }).catch(() => {});
  }

  hangUp() {
    clearTimeout(this.again);
    this.connection?.close();
    if (this.location) this.leave(this.location);
    this.connection = this.location = this.last = null;
  }

  remove() {
    clearInterval(this.timer);
    clearInterval(this.renewal);
    this.hangUp();
    this.root.remove();
  }
}

class Wall {
  constructor(parent) {
    this.grid = element("div", "wall");
    this.tiles = new Map();
    parent.append(this.grid);
    this.onKey = (event) => this.key(event);
    this.onLeave = () => this.tiles.forEach((tile) => tile.connection && tile.retry("lost"));
    document.addEventListener("keydown", this.onKey);
    window.addEventListener("pagehide", this.onLeave);
  }

  // A script run with the same cameras leaves their pictures playing.
  update(data) {
    const wanted = new Set(data.cameras.map(({ id }) => id));
    for (const [id, tile] of this.tiles) {
      if (!wanted.has(id)) {
        tile.remove();
        this.tiles.delete(id);
      }
    }
    for (const camera of data.cameras) {
      const tile = this.tiles.get(camera.id);
      if (tile) tile.update(camera, data);
      else this.add(new Tile(camera, data));
    }
  }

  add(tile) {
    this.tiles.set(tile.camera.id, tile);
    this.grid.append(tile.root);
  }

  key(event) {
    const typing = event.composedPath()[0]?.closest?.("input:not([type=radio]), textarea, [contenteditable]");
    if (event.key.toLowerCase() !== "f" || event.ctrlKey || event.metaKey || event.altKey || typing) return;
    const tiles = [...this.tiles.values()];
    const meant = tiles.find(({ root }) => root.matches(":focus-within, :hover")) ?? tiles[0];
    meant?.fullScreen();
  }

  remove() {
    document.removeEventListener("keydown", this.onKey);
    window.removeEventListener("pagehide", this.onLeave);
    this.tiles.forEach((tile) => tile.remove());
    this.grid.remove();
  }
}

export default function ({ data, parentElement }) {
  let wall = WALLS.get(parentElement);
  if (!wall) {
    wall = new Wall(parentElement);
    WALLS.set(parentElement, wall);
  }
  wall.update(data);
  return () => {
    wall.remove();
    WALLS.delete(parentElement);
  };
}
