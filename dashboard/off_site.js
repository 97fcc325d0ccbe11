// The desk of an off-site opening: start and stop, what is going on, and a connection that comes back by itself.
//
// Python (dashboard/off_site.py) holds the connection; this says when it may be made: after the browser has
// given camera and microphone, which also keeps the library from asking for them over and over. Nothing from
// here for a while, and the connection is made anew.

const ASK_EVERY = 1000; // milliseconds, as all that follow
const SILENT_AT_MOST = 12000; // a first connection takes up to a few seconds
const PAUSE_BETWEEN = 1500; // in which the old connection ends
const TRY_AGAIN = 4000;
const REMEMBERED_DEVICES = "streamlit-webrtc:device-ids"; // the library's own choice, ours is in the link

const DESKS = new WeakMap();

function element(tag, className, text) {
  const made = document.createElement(tag);
  if (className) made.className = className;
  if (text) made.textContent = text;
  return made;
}

function tabName() {
  let name = sessionStorage.getItem("mingjing-sender");
  if (!name) {
    name = crypto.getRandomValues(new Uint32Array(4)).join("-");
    sessionStorage.setItem("mingjing-sender", name);
  }
  return name;
}

const CLOCK = new Intl.DateTimeFormat("sv-SE", { timeZone: "Asia/Shanghai", timeStyle: "medium" });

class Desk {
  constructor(root, data, tell) {
    this.root = root;
    this.data = data;
    this.tell = tell;
    this.sender = tabName();
    this.audio = true;
    this.device = "";
    this.on = false;
    this.build();
    this.timer = setInterval(() => this.tick(), ASK_EVERY);
    this.seen = () => this.keepAwake();
    document.addEventListener("visibilitychange", this.seen);
    this.show("idle");
  }

  build() {
    this.sign = element("div", "sign");
    this.sign.setAttribute("role", "status");
    this.why = element("p", "why");
    this.preview = element("video");
    Object.assign(this.preview, { muted: true, autoplay: true, playsInline: true });
    this.facts = element("dl", "facts");
    this.button = element("button", "act");
    this.button.onclick = () => this.act();
    this.choice = element("select", "device");
    this.choice.hidden = true;
    this.choice.onchange = () => this.useDevice(this.choice.value);
    const beside = element("div", "beside");
    beside.append(this.sign, this.why, this.facts, this.choice, this.button);
    this.picture = element("div", "picture");
    this.picture.append(this.preview);
    this.root.replaceChildren(this.picture, beside);
  }

  update(data) {
    const began = data.sending && !this.data.sending;
    const ended = !data.sending && this.data.sending;
    this.data = data;
    if (ended) this.rest();
    if (began) this.ready();
    this.label();
  }

  // Start, stop, and what the browser allows

  act() {
    if (this.data.sending) this.tell.asked("stop");
    else this.begin();
  }

  async begin() {
    this.show("asking");
    if (await this.takeDevices()) this.tell.asked("start");
  }

  async takeDevices() {
    if (!window.isSecureContext || !navigator.mediaDevices) return this.blocked("insecure");
    this.letGo();
    for (const audio of [true, false]) {
      try {
        const video = this.device ? { deviceId: { exact: this.device } } : { facingMode: "environment" };
        const size = { width: { ideal: 1280 }, height: { ideal: 720 } };
        this.stream = await navigator.mediaDevices.getUserMedia({ video: { ...size, ...video }, audio });
        this.audio = audio;
        this.preview.srcObject = this.stream;
        await this.listDevices();
        return true;
      } catch (error) {
        if (error.name === "NotFoundError" && audio) continue; // no microphone, perhaps
        return this.blocked({ NotAllowedError: "denied", NotFoundError: "missing" }[error.name] ?? "busy");
      }
    }
  }

  blocked(reason) {
    this.show("blocked", this.data.words[`blocked_${reason}`]);
    return false;
  }

  async listDevices() {
    const cameras = (await navigator.mediaDevices.enumerateDevices()).filter((one) => one.kind === "videoinput");
    const used = this.stream?.getVideoTracks()[0]?.getSettings().deviceId;
    this.choice.replaceChildren(...cameras.map((one) => new Option(one.label, one.deviceId, false, one.deviceId === used)));
    this.choice.hidden = cameras.length < 2;
  }

  useDevice(device) {
    this.device = device;
    if (this.data.sending) this.again(0);
    else this.takeDevices();
  }

  letGo() {
    for (const track of this.stream?.getTracks() ?? []) track.stop();
    this.stream = this.preview.srcObject = null;
  }

  // The connection

  run(on) {
    this.on = on;
    this.since = performance.now();
    if (on) for (const key of Object.keys(localStorage)) if (key.startsWith(REMEMBERED_DEVICES)) localStorage.removeItem(key);
    this.tell.run({ on, sender: this.sender, audio: this.audio, device: this.device });
  }

  async ready() {
    if (this.readying) return;
    this.readying = true;
    if (this.root.dataset.state !== "taken") this.show(this.everSent ? "interrupted" : "connecting");
    await this.ask();
    const free = this.data.sending && this.told && !this.told.taken;
    const ready = free && (this.stream ? true : await this.takeDevices());
    this.readying = false;
    if (!this.data.sending) return;
    if (ready) this.run(true);
    else this.retryAt = performance.now() + TRY_AGAIN;
  }

  again(wait = PAUSE_BETWEEN) {
    if (this.on) this.run(false);
    this.letGo();
    this.retryAt = performance.now() + Math.max(wait, PAUSE_BETWEEN);
  }

  rest() {
    this.everSent = false;
    this.retryAt = null;
    this.run(false);
    this.letGo();
    this.awake?.release();
    this.awake = null;
    this.show("idle");
  }

  async tick() {
    if (!this.data.sending || !this.data.camera) return;
    if (this.retryAt && performance.now() > this.retryAt) {
      this.retryAt = null;
      this.ready();
    } else if (!this.on && !this.readying && !this.retryAt) this.ready();
    await this.ask();
  }

  async ask() {
    if (this.asking) return;
    this.asking = true;
    this.told = null;
    try {
      const answer = await fetch(`/off-site/${this.data.camera}/state?sender=${this.sender}`, {
        signal: AbortSignal.timeout(5000),
      });
      if (answer.status === 401 || answer.status === 403) return this.signedOut();
      this.hear(await answer.json());
    } catch {
      if (this.root.dataset.state === "sending") this.show("interrupted", this.data.words.no_network);
    } finally {
      this.asking = false;
    }
  }

  signedOut() {
    if (this.on) this.run(false);
    this.show("blocked", this.data.words.signed_out);
  }

  hear(told) {
    if (!this.data.sending) return;
    if (!told.enabled) return this.tell.asked("look"); // stopped elsewhere: Python shows it
    this.told = told;
    this.showFacts(told);
    if (told.taken) {
      this.show("taken");
      if (this.on) this.run(false);
      this.retryAt = performance.now() + TRY_AGAIN;
    } else if (told.sending && this.on) {
      this.everSent = true;
      this.since = performance.now();
      this.show("sending", this.audio ? "" : this.data.words.no_sound);
      this.keepAwake();
    } else if (this.on) {
      if (this.everSent) this.show("interrupted");
      if (performance.now() - this.since > SILENT_AT_MOST) this.again();
    }
  }

  async keepAwake() {
    if (!this.on || document.hidden || !navigator.wakeLock || (this.awake && !this.awake.released)) return;
    this.awake = await navigator.wakeLock.request("screen").catch(() => null); // no battery left, for one
  }

  // What is shown

  show(state, why = "") {
    this.root.dataset.state = state;
    this.sign.textContent = this.data.words[state];
    this.why.textContent = why;
    this.why.hidden = !why;
    this.label();
  }

  label() {
    const { sending, ready, words } = this.data;
    this.button.textContent = sending ? words.stop : words.start;
    this.button.classList.toggle("stop", sending);
    this.button.disabled = !sending && !ready;
    this.button.title = this.button.disabled ? words.needs_place : "";
    this.choice.setAttribute("aria-label", words.device);
    this.preview.setAttribute("aria-label", words.preview);
    this.picture.dataset.note = this.stream ? "" : words.no_preview;
    if (!sending) this.facts.replaceChildren();
  }

  showFacts({ sending, recorded_since: since, inspectors }) {
    const { words } = this.data;
    const rows = [
      [words.picture, sending && `${sending.width}×${sending.height} · ${sending.frame_rate.toFixed(0)} ${words.a_second}`],
      [words.rate, sending && `${(sending.bits_per_second / 1e6).toFixed(2)} Mbit/s`],
      [words.recorded, since ? `${words.since} ${CLOCK.format(new Date(since))}` : words.not_recorded],
      [words.watched, `${inspectors} ${words.persons}`],
    ];
    this.facts.replaceChildren(
      ...rows.flatMap(([name, value]) => [element("dt", "", name), element("dd", "", value || "-")]),
    );
  }

  close() {
    clearInterval(this.timer);
    document.removeEventListener("visibilitychange", this.seen);
    this.letGo();
    this.awake?.release();
  }
}

export default function ({ data, parentElement, setStateValue, setTriggerValue }) {
  let root = parentElement.querySelector(".desk");
  if (root) {
    DESKS.get(root).update(data);
  } else {
    root = element("div", "desk");
    parentElement.append(root);
    const tell = {
      run: (value) => setStateValue("run", value),
      asked: (value) => setTriggerValue("asked", value),
    };
    DESKS.set(root, new Desk(root, data, tell));
  }
  return () => {
    DESKS.get(root)?.close();
    root.remove();
  };
}
