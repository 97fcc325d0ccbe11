// What stands below the pointer on the strip: a small picture of that moment with its wall clock, or why there
// is none.

const THUMBS_KEPT = 120;
const STEPS_ACROSS = 300; // so many different pictures can be seen along the strip
const LOOKS_AFTER = 80; // milliseconds that the pointer rests

class StripHover {
  constructor(strip) {
    this.strip = strip;
    this.kept = new Map(); // address to { url } or { text }
    this.root = make("div", "strip-card");
    this.root.hidden = true;
    this.picture = make("img");
    this.picture.alt = "";
    this.words = make("span", "strip-card-words");
    this.time = make("span", "strip-card-time");
    this.root.append(this.picture, this.words, this.time);
  }

  // x: pixels on the screen; told: what is below the pointer besides the footage.
  show(camera, instant, x, told = "") {
    const { strip } = this;
    const lane = strip.lane(camera);
    const recorded = lane?.runs.some(([start, end]) => start <= instant && instant < end);
    const gap = lane?.gaps.find(({ start, end }) => start <= instant && instant < end);
    const far = strip.span > DAY;
    const time = far ? `${dayOf(instant)} ${timeOf(instant)}` : timeOf(instant);
    const why = gap ? gap.text : "";
    strip.hint.textContent = [time, lane?.name, told || why].filter(Boolean).join(" · ");
    this.place(x);
    this.time.textContent = time;
    this.root.hidden = false;
    if (!recorded) return this.fill({ text: why || strip.words.nothing_here }, null);
    const step = Math.max(SECOND, strip.span / STEPS_ACROSS);
    this.ask(camera, Math.floor(instant / step) * step < lane.runs[0][0] ? instant : Math.floor(instant / step) * step);
  }

  place(x) {
    const box = this.strip.root.getBoundingClientRect();
    const half = 126;
    const left = Math.min(Math.max(x - box.left, half), Math.max(box.width - half, half));
    this.root.style.left = `${left}px`;
  }

  // The last one that was asked for is shown; those in between are passed over.
  ask(camera, instant) {
    const address = `/footage/thumb/${camera}?at=${encodeURIComponent(isoOf(Math.round(instant)))}`;
    if (this.wanted === address) return;
    this.wanted = address;
    const known = this.kept.get(address);
    if (known) return this.fill(known, address);
    this.root.classList.add("coming");
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.load(address), LOOKS_AFTER);
  }

  async load(address) {
    const answer = await fetch(address).catch(() => null);
    const made = answer?.ok ? { url: URL.createObjectURL(await answer.blob()) } : { text: await this.reason(answer) };
    if (answer?.ok) this.keep(address, made);
    if (this.wanted === address) this.fill(made, address);
  }

  async reason(answer) {
    const [chinese, english] = (answer ? await answer.text().catch(() => "") : "").split(" / ");
    const told = this.strip.data.language === "en" ? english : chinese;
    return told || this.strip.words.nothing_here;
  }

  keep(address, made) {
    this.kept.set(address, made);
    if (this.kept.size <= THUMBS_KEPT) return;
    const [oldest, { url }] = this.kept.entries().next().value;
    this.kept.delete(oldest);
    URL.revokeObjectURL(url);
  }

  fill({ url, text }, address) {
    this.wanted = address;
    this.root.classList.remove("coming");
    this.picture.hidden = !url;
    this.words.hidden = Boolean(url);
    this.words.textContent = text ?? "";
    if (url) this.picture.src = url;
  }

  hide() {
    this.root.hidden = true;
    this.wanted = null;
    clearTimeout(this.timer);
  }

  end() {
    this.hide();
    for (const { url } of this.kept.values()) URL.revokeObjectURL(url);
  }
}
