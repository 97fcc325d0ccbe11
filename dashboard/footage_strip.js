// The strip of a footage page: sessions as brackets, a lane for each camera with what was recorded and what
// was not, its marks, the range that is open, and where the picture is. The wheel zooms, dragging pans, a click
// plays; one on a mark from 10 s before.
// All instants are microseconds since 1970.

const SECOND = 1e6;
const DAY = 24 * 3600 * SECOND;
const SHANGHAI = 8 * 3600 * SECOND; // no summer time since 1991
const NEAREST = 60 * SECOND; // the strip shows this much at least
const STEPS = [1, 5, 10, 30, 60, 300, 600, 1800, 3600, 7200, 10800, 21600].map((step) => step * SECOND);
const BEFORE_A_MARK = 10 * SECOND;
const LABEL_WIDTH = 76; // pixels between two labels of the axis, at least

function make(tag, className, text) {
  const made = document.createElement(tag);
  if (className) made.className = className;
  if (text !== undefined) made.textContent = text;
  return made;
}

function local(instant) {
  return new Date((instant + SHANGHAI) / 1000).toISOString();
}

function dayOf(instant) {
  return local(instant).slice(0, 10);
}

// Down to the second, or to the millisecond.
function timeOf(instant, fine = false) {
  return local(instant).slice(11, fine ? 23 : 19);
}

// With every microsecond and the offset, for links.
function isoOf(instant) {
  const rest = String(instant % 1000).padStart(3, "0");
  return `${local(instant - (instant % 1000)).slice(0, 23)}${rest}+08:00`;
}

function lengthOf(span) {
  const seconds = Math.round(span / SECOND);
  const parts = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
  return parts.map((part) => String(part).padStart(2, "0")).join(":");
}

// "2025-11-20 09:30 – 11:00"; the day alone when it is all of it.
function spanOf(start, end) {
  const [from, to] = [timeOf(start).slice(0, 5), timeOf(end).slice(0, 5)];
  if (dayOf(start) !== dayOf(end - 1)) return `${dayOf(start)} ${from} – ${dayOf(end)} ${to}`;
  if (end - start === DAY) return dayOf(start);
  return `${dayOf(start)}  ${from} – ${to === "00:00" ? "24:00" : to}`;
}

class Strip {
  constructor(words, onPick) {
    this.words = words;
    this.onPick = onPick; // (camera id, instant)
    this.root = make("div", "strip");
    this.head = make("div", "strip-head");
    this.title = make("span", "strip-title");
    this.hint = make("span", "strip-hint");
    this.head.append(this.title, this.hint, ...this.zoomButtons());
    this.tracks = make("div", "tracks");
    this.playhead = make("div", "playhead");
    this.root.append(this.head, this.tracks);
    this.tracks.onwheel = (event) => this.wheel(event);
    this.tracks.onpointerdown = (event) => this.grab(event);
    this.tracks.onpointermove = (event) => this.move(event);
    this.tracks.onpointerup = (event) => this.drop(event);
    this.tracks.onpointercancel = () => (this.grabbed = null);
    this.tracks.onpointerleave = () => (this.hint.textContent = "");
    this.observer = new ResizeObserver(() => this.draw());
    this.observer.observe(this.tracks);
  }

  zoomButtons() {
    return [
      ["−", this.words.zoom_out, 2],
      ["+", this.words.zoom_in, 0.5],
    ].map(([sign, word, factor]) => {
      const button = make("button", "zoom", sign);
      button.title = word;
      button.setAttribute("aria-label", word);
      button.onclick = () => this.zoom(factor, this.head_at ?? (this.shown[0] + this.shown[1]) / 2);
      return button;
    });
  }

  show(data, keepZoom) {
    this.data = data;
    if (!keepZoom || !this.shown) this.shown = [...data.window];
    this.draw();
  }

  // A minute of a day could not be seen: then an hour around it is shown.
  near([from, to]) {
    const span = 3600 * SECOND;
    if ((to - from) * 24 < this.shown[1] - this.shown[0]) this.showFrom((from + to - span) / 2, span);
  }

  select(camera, range) {
    this.camera = camera;
    this.range = range;
    this.draw();
  }

  // Where the picture is; cheap, called with every picture.
  at(instant) {
    this.head_at = instant;
    const place = this.share(instant);
    this.playhead.style.left = `${place * 100}%`;
    this.playhead.hidden = place < 0 || place > 1;
  }

  share(instant) {
    return (instant - this.shown[0]) / (this.shown[1] - this.shown[0]);
  }

  instantAt(event) {
    const box = this.tracks.getBoundingClientRect();
    const share = Math.min(Math.max((event.clientX - box.left) / box.width, 0), 1);
    return Math.round(this.shown[0] + share * (this.shown[1] - this.shown[0]));
  }

  draw() {
    if (!this.data) return;
    this.title.textContent = spanOf(...this.shown);
    this.tracks.replaceChildren(this.axis(), ...this.brackets(), ...this.lanes(), this.playhead);
    if (this.head_at) this.at(this.head_at);
    else this.playhead.hidden = true;
  }

  axis() {
    const axis = make("div", "axis");
    const [start, end] = this.shown;
    const wanted = ((end - start) * LABEL_WIDTH) / Math.max(this.tracks.clientWidth, 1);
    const step = STEPS.find((each) => each >= wanted) ?? STEPS.at(-1) * 2;
    for (let at = Math.ceil((start + SHANGHAI) / step) * step - SHANGHAI; at < end; at += step) {
      const tick = make("span", "tick", timeOf(at).slice(0, step < 60 * SECOND ? 8 : 5));
      tick.style.left = `${this.share(at) * 100}%`;
      axis.append(tick);
    }
    return axis;
  }

  brackets() {
    if (!this.data.sessions.length) return [];
    const row = make("div", "brackets");
    for (const { start, end, label } of this.data.sessions) {
      const bracket = this.place("span", "bracket", start, end);
      if (!bracket) continue;
      bracket.textContent = label;
      bracket.title = `${label}  ${timeOf(start)} – ${timeOf(end)}`;
      row.append(bracket);
    }
    return [row];
  }

  lanes() {
    return this.data.lanes.map((lane) => {
      const row = make("div", "lane");
      row.dataset.camera = lane.id;
      if (lane.id === this.camera) row.classList.add("chosen");
      for (const gap of lane.gaps) {
        const hatched = this.place("span", `gap ${gap.cause}`, gap.start, gap.end);
        if (hatched) row.append(hatched);
      }
      for (const [start, end] of lane.runs) {
        const run = this.place("span", "run", start, end);
        if (run) row.append(run);
      }
      if (lane.id === this.camera && this.range) {
        const open = this.place("span", "open-range", ...this.range);
        if (open) row.append(open);
      }
      row.append(make("span", "lane-name", lane.name), ...this.marks(lane));
      return row;
    });
  }

  marks(lane) {
    const shown = this.data.marks.filter(({ camera, at }) => camera === lane.id && this.share(at) >= 0 && this.share(at) <= 1);
    return shown.map(({ at, text }) => {
      const tick = make("button", "mark-tick");
      tick.style.left = `${this.share(at) * 100}%`;
      tick.title = text;
      tick.setAttribute("aria-label", text);
      tick.dataset.at = at;
      tick.onclick = () => this.onPick(lane.id, at - BEFORE_A_MARK);
      return tick;
    });
  }

  place(tag, className, start, end) {
    const [from, to] = [Math.max(this.share(start), 0), Math.min(this.share(end), 1)];
    if (from >= 1 || to <= 0) return null;
    const made = make(tag, className);
    made.style.left = `${from * 100}%`;
    made.style.width = `${(to - from) * 100}%`;
    return made;
  }

  zoom(factor, around) {
    const [first, last] = this.data.window;
    const span = this.shown[1] - this.shown[0];
    const wanted = Math.min(Math.max(span * factor, NEAREST), last - first);
    const start = around - ((around - this.shown[0]) * wanted) / span;
    this.showFrom(start, wanted);
  }

  showFrom(start, span) {
    const [first, last] = this.data.window;
    const begin = Math.round(Math.min(Math.max(start, first), last - span));
    this.shown = [begin, Math.round(begin + span)];
    this.draw();
  }

  wheel(event) {
    const whole = this.shown[1] - this.shown[0] >= this.data.window[1] - this.data.window[0];
    if (event.deltaY > 0 && whole) return; // nothing to zoom out of: the page scrolls
    event.preventDefault();
    this.zoom(event.deltaY > 0 ? 1.25 : 0.8, this.instantAt(event));
  }

  grab(event) {
    if (event.button === 0 && !event.target.closest?.(".mark-tick")) this.grabbed = { x: event.clientX, start: this.shown[0], moved: false };
  }

  move(event) {
    this.explain(event);
    if (!this.grabbed || !event.buttons) return;
    const distance = event.clientX - this.grabbed.x;
    if (Math.abs(distance) < 5 && !this.grabbed.moved) return;
    if (!this.grabbed.moved) this.tracks.setPointerCapture(event.pointerId);
    this.grabbed.moved = true;
    const span = this.shown[1] - this.shown[0];
    this.showFrom(this.grabbed.start - (distance / this.tracks.clientWidth) * span, span);
  }

  drop(event) {
    const moved = !this.grabbed || this.grabbed.moved;
    this.grabbed = null;
    if (moved) return;
    const lane = event.target.closest?.(".lane");
    this.onPick(lane ? Number(lane.dataset.camera) : this.camera, this.instantAt(event));
  }

  explain(event) {
    const tick = event.target.closest?.(".mark-tick");
    if (tick) return (this.hint.textContent = tick.title);
    const instant = this.instantAt(event);
    const id = Number(event.target.closest?.(".lane")?.dataset.camera ?? this.camera);
    const lane = this.data.lanes.find((each) => each.id === id);
    const gap = lane?.gaps.find((each) => each.start <= instant && instant < each.end);
    this.hint.textContent = gap ? `${timeOf(instant)} · ${gap.text}` : timeOf(instant);
  }
}
