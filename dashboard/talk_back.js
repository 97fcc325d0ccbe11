// Talk-back, both sides: the inspector's button ("speaker") and the sign in the room ("room").
//
// Python (dashboard/talk_back.py) holds the connection; this asks every second who speaks, which also says that
// the page is there and signed in.

const ASK_EVERY = 1000; // milliseconds, as all that follow
const BEGIN_WITHIN = 12000;
const CHIME = "mingjing-chime";

const PANELS = new WeakMap();

function element(tag, className, text) {
  const made = document.createElement(tag);
  if (className) made.className = className;
  if (text) made.textContent = text;
  return made;
}

function pageName() {
  return crypto.getRandomValues(new Uint32Array(4)).join("-");
}

class Panel {
  constructor(root, data, tell) {
    this.root = root;
    this.data = data;
    this.tell = tell;
    this.on = false;
    this.page = "";
    this.sign = element("div", "sign");
    this.sign.setAttribute("role", "status");
    this.note = element("span", "note");
    this.button = element("button", "act");
    this.button.onclick = () => this.press();
    root.dataset.side = data.side;
    root.replaceChildren(this.sign, this.note, this.button);
    this.show("asking", "");
    this.timer = setInterval(() => this.ask(), ASK_EVERY);
    this.left = () => this.end();
    addEventListener("pagehide", this.left);
    this.ask();
  }

  update(data) {
    this.data = data;
    this.show(this.root.dataset.state, this.note.textContent);
  }

  fill(word, values) {
    return word.replace(/\{(\w+)\}/g, (_, name) => values[name] ?? "");
  }

  run(on) {
    this.on = on;
    this.began = false;
    if (on) this.page = pageName();
    this.since = performance.now();
    this.tell({ on, page: this.page });
  }

  get talk() {
    return this.on ? this.page : "";
  }

  end() {
    if (this.on && this.data.side === "speaker")
      fetch(`/talk-back/${this.data.room}/end?page=${this.page}`, { method: "POST", keepalive: true }).catch(() => {});
  }

  async ask() {
    if (this.asking) return;
    this.asking = true;
    try {
      const asked = this.talk;
      const page = asked && `?page=${asked}`;
      const answer = await fetch(`/talk-back/${this.data.room}/state${page}`, { signal: AbortSignal.timeout(5000) });
      if (answer.status === 401) this.signedOut();
      else if (answer.ok) {
        const told = await answer.json();
        if (asked === this.talk) this.hear(told); // else it tells of a talk before this one
      }
    } catch {
      this.show("no_network");
    } finally {
      this.asking = false;
    }
  }

  signedOut() {
    if (this.on) this.run(false);
    this.show("signed_out");
  }

  show(state, note = "", values = {}) {
    const { words, name } = this.data;
    this.root.dataset.state = state;
    this.values = { ...this.values, ...values };
    this.sign.textContent = this.fill(words[state] ?? "", { room: name, ...this.values });
    this.sign.hidden = !this.sign.textContent;
    this.note.textContent = note;
    this.note.hidden = !note;
    this.label();
  }

  close() {
    clearInterval(this.timer);
    removeEventListener("pagehide", this.left);
    this.end();
  }
}

class SpeakerPanel extends Panel {
  label() {
    const { words } = this.data;
    const state = this.root.dataset.state;
    this.button.textContent = this.on ? words.stop : words.talk;
    this.button.classList.toggle("stop", this.on);
    // The connection of the talk before is still open: a new talk would be taken for that one.
    this.button.disabled = !this.on && (this.data.on || !["ready", "blocked"].includes(state));
  }

  async press() {
    if (this.on) {
      this.end();
      this.run(false);
      this.show("ready");
      return;
    }
    if (!window.isSecureContext || !navigator.mediaDevices) return this.show("blocked", this.data.words.insecure);
    this.show("connecting");
    try {
      const stream = await navigator.mediaDevices.getUserMedia({ audio: true });
      for (const track of stream.getTracks()) track.stop();
      this.run(true);
      this.label();
    } catch (error) {
      this.show("blocked", error.name === "NotAllowedError" ? this.data.words.denied : this.data.words.missing);
    }
  }

  hear({ open, speaker, mine, seconds }) {
    if (mine && this.on) {
      this.began = true;
      this.show("talking", `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`);
    } else if (this.on) {
      const ended = this.began || speaker || performance.now() - this.since > BEGIN_WITHIN;
      if (!ended) return;
      this.run(false);
      this.show(speaker ? "busy" : "ready", "", { speaker });
    } else if (!["connecting", "blocked"].includes(this.root.dataset.state) || speaker) {
      this.show(speaker ? "busy" : open ? "ready" : "closed", "", { speaker });
    }
  }
}

class RoomPanel extends Panel {
  constructor(root, data, tell) {
    super(root, data, tell);
    this.chime = element("input");
    Object.assign(this.chime, { type: "checkbox", checked: localStorage.getItem(CHIME) !== "off" });
    this.chime.onchange = () => localStorage.setItem(CHIME, this.chime.checked ? "on" : "off");
    this.choice = element("label", "chime");
    this.word = element("span");
    this.choice.append(this.chime, this.word);
    root.append(this.choice);
    this.show("off");
    if (data.on) this.run(true);
  }

  label() {
    this.button.textContent = this.on ? this.data.words.stop : this.data.words.start;
    this.button.classList.toggle("stop", this.on);
    if (this.word) this.word.textContent = this.data.words.chime;
  }

  press() {
    this.run(!this.on);
    this.show(this.on ? "connecting" : "off");
  }

  hear({ speaker, open }) {
    if (!this.on) return this.show("off");
    if (speaker && this.root.dataset.state !== "speaking" && this.chime.checked) this.ring();
    this.show(speaker ? "speaking" : open ? "waiting" : "connecting", "", { speaker });
    this.play();
    if (open) this.since = performance.now();
    else if (performance.now() - this.since > BEGIN_WITHIN) this.again();
  }

  again() {
    this.run(false);
    setTimeout(() => this.run(true), 1500);
  }

  // Browsers let a page sound only after somebody has clicked in it.
  play() {
    for (const frame of document.querySelectorAll("iframe"))
      for (const sound of frame.contentDocument?.querySelectorAll("audio") ?? [])
        if (sound.paused) sound.play().catch(() => this.show("silent", this.data.words.click));
  }

  ring() {
    const context = new AudioContext();
    const [tone, volume] = [context.createOscillator(), context.createGain()];
    tone.frequency.setValueAtTime(880, 0);
    tone.frequency.setValueAtTime(660, context.currentTime + 0.18);
    volume.gain.value = 0.12;
    tone.connect(volume).connect(context.destination);
    tone.start();
    tone.stop(context.currentTime + 0.36);
    tone.onended = () => context.close();
  }
}

export default function ({ data, parentElement, setStateValue }) {
  let root = parentElement.querySelector(".talk");
  if (root) {
    PANELS.get(root).update(data);
  } else {
    root = element("div", "talk");
    parentElement.append(root);
    const kind = data.side === "room" ? RoomPanel : SpeakerPanel;
    PANELS.set(root, new kind(root, data, (run) => setStateValue("run", run)));
  }
  return () => {
    PANELS.get(root)?.close();
    root.remove();
  };
}
