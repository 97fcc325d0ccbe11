// One connection to one camera by WebRTC (WHEP), with a <video> of its own: the picture of the connection before
// stays to be seen until this one has its first.

const FIRST_PICTURE_WITHIN = 12000; // milliseconds, as all that follow
const RENEW_EVERY = 20000;
const ASK_AGAIN = 2000;
const PAUSE_WHEN_REFUSED = 30000;
const CLOCK_DRIFT = 0.0002; // a camera's clock runs that much wrong, at most

// How old a picture is, in milliseconds. Known are: when it came here; how much later than the swiftest one it
// came, by the camera's own timing; and one picture that is always under way, as a stream hands a picture out
// when the next one begins. Not known, and small on a local network: the swiftest one's way.
class Transit {
  constructor() {
    this.stream = 0;
    this.interval = 0;
    this.swiftest = Infinity;
  }

  // Of a picture, until it came here.
  of({ rtpTimestamp, receiveTime }) {
    if (rtpTimestamp === undefined || receiveTime === undefined) return 0;
    const step = ((rtpTimestamp - (this.rtp ?? rtpTimestamp)) | 0) / 90;
    if (receiveTime - this.received > 2000) this.swiftest = Infinity; // reconnected: timed anew
    if (step > 5 && step < 1000) this.interval += (step - this.interval) / (this.interval ? 10 : 1);
    this.rtp = rtpTimestamp;
    this.received = receiveTime;
    this.stream += step;
    const way = receiveTime - this.stream;
    this.swiftest = Math.min(way, this.swiftest + step * CLOCK_DRIFT);
    return way - this.swiftest + this.interval;
  }
}

// A browser asks a server six things at a time, and a dead camera's answer takes seconds: those that are likely
// dead ask two at a time, so that they do not hold up the others.
class Slots {
  constructor(free) {
    this.free = free;
    this.waiting = [];
  }

  async take() {
    if (this.free > 0) this.free -= 1;
    else await new Promise((granted) => this.waiting.push(granted));
  }

  give() {
    const next = this.waiting.shift();
    if (next) next();
    else this.free += 1;
  }
}

const DOUBTFUL = new Slots(2);

// Connections that end in one go say so in one request: a wall that is left would else take all six turns that a
// browser has at a server, and the next page would wait.
const GOODBYES = {
  locations: [],

  say(location) {
    if (!this.locations.length) queueMicrotask(() => this.send());
    this.locations.push(location);
  },

  send() {
    const locations = this.locations.splice(0);
    if (locations.length > 1 && navigator.sendBeacon("/whep/leave", JSON.stringify(locations))) return;
    for (const location of locations) fetch(location, { method: "DELETE", keepalive: true }).catch(() => {});
  },
};

class Connection {
  // spec: stream ("main" or "sub") and sound; setup: iceServers, language, doubtful;
  // told: picture(connection, first), failed(connection, state, reason, pause), stopped(connection, state, reason).
  constructor(camera, spec, setup, told) {
    Object.assign(this, { camera, spec, setup, told });
    this.begun = performance.now();
    this.transit = new Transit();
    this.video = document.createElement("video");
    Object.assign(this.video, { muted: !spec.sound, playsInline: true, disablePictureInPicture: true });
    this.renewal = setInterval(() => this.renew(), RENEW_EVERY);
    this.open();
  }

  same(spec) {
    return this.spec.stream === spec.stream && this.spec.sound === spec.sound;
  }

  async open() {
    if (!this.setup.doubtful) return this.connect();
    await DOUBTFUL.take();
    try {
      if (!this.closed) await this.connect();
    } finally {
      DOUBTFUL.give();
    }
  }

  async connect() {
    this.asked = performance.now(); // undefined while it waits for its turn
    this.peer = new RTCPeerConnection({ iceServers: this.setup.iceServers });
    const kinds = this.spec.sound ? ["video", "audio"] : ["video"];
    for (const kind of kinds) {
      const { receiver } = this.peer.addTransceiver(kind, { direction: "recvonly" });
      if ("jitterBufferTarget" in receiver) receiver.jitterBufferTarget = 0;
    }
    const received = new MediaStream();
    this.peer.ontrack = ({ track }) => {
      received.addTrack(track);
      this.video.srcObject = received;
      this.video.play().catch(() => {});
    };
    this.peer.onconnectionstatechange = () => {
      if (!this.closed && this.peer.connectionState === "failed") this.told.failed(this, "lost");
    };
    try {
      await this.peer.setLocalDescription();
      const answer = await this.ask(this.peer.localDescription.sdp);
      if (this.closed && answer.ok) this.leave(answer.headers.get("Location")); // hung up in the meantime
      if (this.closed) return;
      if (!answer.ok) return this.refused(answer.status, await answer.json().catch(() => ({})));
      this.location = answer.headers.get("Location");
      this.converted = answer.headers.get("Mingjing-Transcoded");
      await this.peer.setRemoteDescription({ type: "answer", sdp: await answer.text() });
      this.video.requestVideoFrameCallback((...seen) => this.seen(...seen));
    } catch {
      if (!this.closed) this.told.failed(this, "lost", this.setup.words.no_gateway);
    }
  }

  ask(offer) {
    return fetch(`/whep/${this.camera.id}?stream=${this.spec.stream}`, {
      method: "POST",
      headers: { "Content-Type": "application/sdp" },
      body: offer,
      signal: AbortSignal.timeout(FIRST_PICTURE_WITHIN),
    });
  }

  refused(status, body) {
    const reason = body[this.setup.language];
    if (status === 401) this.told.stopped(this, "signed_out");
    else if (status === 403) this.told.stopped(this, "not_allowed", reason);
    else if (status === 404) this.told.failed(this, "lost", reason, PAUSE_WHEN_REFUSED);
    else if (body.error === "not_playable") this.told.failed(this, "not_playable", reason, PAUSE_WHEN_REFUSED);
    else this.told.failed(this, "lost", reason);
  }

  // A picture is dated by its arrival: one that is shown late, after the page was hidden, is not new.
  seen(now, picture) {
    if (this.closed) return;
    const first = this.received === undefined;
    this.way = this.transit.of(picture);
    this.received = picture.receiveTime ?? now;
    this.video.requestVideoFrameCallback((...seen) => this.seen(...seen));
    this.told.picture(this, first);
  }

  // Milliseconds since the last picture came; Infinity before the first.
  silence() {
    return this.received === undefined ? Infinity : performance.now() - this.received;
  }

  age() {
    return this.silence() + this.way;
  }

  // Says that the viewer still watches. A gateway that was started again knows the viewer no longer.
  async renew() {
    if (!this.location) return;
    this.renewed = performance.now();
    const answer = await fetch(this.location, { method: "PATCH" }).catch(() => null);
    if (!answer || this.closed) return;
    if (answer.status === 401) this.told.stopped(this, "signed_out");
    else if (answer.status === 403) this.told.stopped(this, "not_allowed");
    else if (answer.status === 404) this.told.failed(this, "lost");
  }

  renewSoon() {
    if (performance.now() - (this.renewed ?? 0) > ASK_AGAIN) this.renew();
  }

  leave(location) {
    GOODBYES.say(location);
  }

  // The video stays with its last picture, for who has shown it.
  close() {
    if (this.closed) return;
    this.closed = true;
    this.video.muted = true;
    clearInterval(this.renewal);
    this.peer?.close();
    if (this.location) this.leave(this.location);
  }
}
