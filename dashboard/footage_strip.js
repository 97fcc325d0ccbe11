// The strip of a footage page: sessions as brackets, a lane for each camera with what was recorded and what was
// not, its marks and holds, the range that is open, and where the picture is. It reaches over all days that are
// kept: what the page has not brought along is asked for while zooming (footage_strip_store.js). How it is moved
// stands in footage_strip_hands.js, what hovering shows in footage_strip_hover.js.
// All instants are microseconds since 1970.

const SECOND = 1e6;
const HOUR = 3600 * SECOND;
const DAY = 24 * HOUR;
const SHANGHAI = 8 * HOUR; // no summer time since 1991
const NEAREST = 60 * SECOND; // the strip shows this much at least
const SHORT_STEPS = [1, 5, 10, 30, 60, 300, 600, 1800, 3600, 7200, 10800, 21600, 43200].map((step) => step * SECOND);
const STEPS = [...SHORT_STEPS, DAY, 2 * DAY, 5 * DAY, 10 * DAY];
const VIEWS = { month: Infinity, week: 7 * DAY, day: DAY, hour: HOUR, minute: NEAREST };
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
  // picked(camera, instant): within what the page has brought along; left(camera, instant): elsewhere.
  constructor(words, picked, left) {
    Object.assign(this, { words, picked, left });
    this.root = make("div", "strip");
    this.head = make("div", "strip-head");
    this.title = make("span", "strip-title");
    this.hint = make("span", "strip-hint");
    this.hint.setAttribute("aria-live", "polite");
    this.tracks = make("div", "tracks");
    this.tracks.tabIndex = 0;
    this.tracks.setAttribute("role", "slider");
    this.legend = make("div", "legend");
    this.playhead = make("div", "playhead");
    this.store = new StripStore(() => this.draw());
    this.hover = new StripHover(this);
    this.hands = new StripHands(this);
    this.root.append(this.head, this.tracks, this.legend, this.hover.root);
    this.observer = new ResizeObserver(() => this.draw());
    this.observer.observe(this.tracks);
  }

  buttons() {
    const { words } = this;
    const button = (className, sign, title, action) => {
      const made = make("button", className, sign);
      made.type = "button";
      made.title = title;
      made.setAttribute("aria-label", title);
      made.onclick = action;
      return made;
    };
    const views = Object.keys(VIEWS).map((name) => {
      const made = button("view", words[`view_${name}`], words[`view_${name}_help`], () => this.view(name));
      made.dataset.view = name;
      return made;
    });
    const zooms = [["−", words.zoom_out, 2], ["+", words.zoom_in, 0.5]].map(([sign, title, factor]) =>
      button("zoom", sign, title, () => this.zoom(factor, this.middle)));
    this.views = make("span", "views");
    this.views.append(...views);
    this.head.replaceChildren(this.title, this.hint, this.views, ...zooms);
  }

  explainSigns() {
    const signs = ["run", "gap", "gap planned", "bracket", "mark-tick", "held", "open-range"];
    this.legend.replaceChildren(...signs.map((sign) => {
      const entry = make("span", "legend-entry");
      entry.append(make("i", `sign ${sign}`), this.words[`sign_${sign.replace(/[ -]/g, "_")}`]);
      return entry;
    }));
  }

  // ---- what is shown ----

  show(data, keepZoom) {
    const sameRoom = this.data?.strip.room === data.strip.room;
    this.words = { ...this.words, ...data.strip.words };
    this.data = data;
    this.store.brought(data, sameRoom);
    if (!sameRoom) {
      this.buttons();
      this.explainSigns();
      this.tracks.setAttribute("aria-label", this.words.label);
    }
    // Who went somewhere else on this very strip still looks at the same stretch of it.
    this.stays = !keepZoom && sameRoom && this.leaving;
    if (!keepZoom && !this.stays) this.shown = [...data.window];
    if (!keepZoom) this.leaving = false;
    this.draw();
  }

  // A minute of a day could not be seen: then an hour around it is shown.
  near([from, to]) {
    if (this.stays || (to - from) * 24 >= this.shown[1] - this.shown[0]) return;
    this.showFrom((from + to - HOUR) / 2, HOUR);
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
    this.playhead.hidden = instant === null || place < 0 || place > 1;
  }

  get bounds() {
    const [first, last] = this.data.strip.bounds;
    return [Math.min(first, this.data.window[0]), Math.max(last, this.data.window[1])];
  }

  get span() {
    return this.shown[1] - this.shown[0];
  }

  get middle() {
    const seen = this.head_at >= this.shown[0] && this.head_at < this.shown[1];
    return seen ? this.head_at : (this.shown[0] + this.shown[1]) / 2;
  }

  share(instant) {
    return (instant - this.shown[0]) / this.span;
  }

  instantAt(x) {
    const box = this.tracks.getBoundingClientRect();
    const share = Math.min(Math.max((x - box.left) / box.width, 0), 1);
    return Math.round(this.shown[0] + share * this.span);
  }

  lane(camera) {
    return this.told.lanes.find((each) => each.id === camera);
  }

  draw() {
    if (!this.data) return;
    this.told = this.store.told(this.shown);
    this.title.textContent = spanOf(...this.shown);
    this.root.classList.toggle("coming", this.store.coming);
    for (const button of this.views.children) button.setAttribute("aria-pressed", this.seenAs === button.dataset.view);
    this.tracks.replaceChildren(this.axis(), ...this.brackets(), ...this.lanes(), this.playhead, this.hands.cursor);
    this.at(this.head_at ?? null);
    this.hands.draw();
  }

  get seenAs() {
    const [first, last] = this.bounds;
    const whole = last - first;
    return Object.keys(VIEWS).find((name) => Math.abs(this.span / Math.min(VIEWS[name], whole) - 1) < 0.02);
  }

  axis() {
    const axis = make("div", "axis");
    const [start, end] = this.shown;
    const wanted = (this.span * LABEL_WIDTH) / Math.max(this.tracks.clientWidth, 1);
    const step = STEPS.find((each) => each >= wanted) ?? STEPS.at(-1);
    for (let at = Math.ceil((start + SHANGHAI) / step) * step - SHANGHAI; at < end; at += step) {
      const midnight = (at + SHANGHAI) % DAY === 0;
      const day = midnight && this.span > DAY;
      const tick = make("span", day ? "tick day" : "tick", day ? dayOf(at).slice(5) : timeOf(at).slice(0, step < 60 * SECOND ? 8 : 5));
      tick.style.left = `${this.share(at) * 100}%`;
      axis.append(tick);
    }
    return axis;
  }

  brackets() {
    if (!this.told.sessions.length) return [];
    const row = make("div", "brackets");
    for (const { start, end, label } of this.told.sessions) {
      const bracket = this.place("span", "bracket", start, end);
      if (!bracket) continue;
      bracket.textContent = label;
      bracket.dataset.told = `${label}  ${timeOf(start)} – ${timeOf(end)}`;
      row.append(bracket);
    }
    return [row];
  }

  lanes() {
    return this.told.lanes.map((lane) => {
      const row = make("div", "lane");
      row.dataset.camera = lane.id;
      if (lane.id === this.camera) row.classList.add("chosen");
      const holds = this.told.holds.filter(({ camera }) => camera === lane.id);
      row.append(...[
        ...lane.gaps.map(({ start, end, cause, text }) => this.place("span", `gap ${cause}`, start, end, text)),
        ...lane.runs.map(([start, end]) => this.place("span", "run", start, end)),
        ...holds.map(({ start, end, text }) => this.place("span", "held", start, end, text)),
        lane.id === this.camera && this.range ? this.place("span", "open-range", ...this.range) : null,
      ].filter(Boolean));
      row.append(make("span", "lane-name", lane.name), ...this.marks(lane));
      return row;
    });
  }

  marks(lane) {
    const here = this.told.marks.filter(({ camera, at }) => camera === lane.id && this.share(at) >= 0 && this.share(at) <= 1);
    return here.map(({ at, text }) => {
      const tick = make("button", "mark-tick");
      tick.style.left = `${this.share(at) * 100}%`;
      tick.title = text;
      tick.setAttribute("aria-label", text);
      tick.dataset.at = at;
      tick.onclick = () => this.pick(lane.id, at - BEFORE_A_MARK);
      return tick;
    });
  }

  place(tag, className, start, end, told) {
    const [from, to] = [Math.max(this.share(start), 0), Math.min(this.share(end), 1)];
    if (from >= 1 || to <= 0) return null;
    const made = make(tag, className);
    made.style.left = `${from * 100}%`;
    made.style.width = `${(to - from) * 100}%`;
    if (told) made.dataset.told = told;
    return made;
  }

  // ---- what people do ----

  pick(camera, instant) {
    const [start, end] = this.data.window;
    if (instant >= start && instant < end) return this.picked(camera, instant);
    if (instant > Date.now() * 1000 || !this.left) return;
    this.leaving = true;
    this.left(camera, instant);
  }

  view(name) {
    const [first, last] = this.bounds;
    const span = Math.min(VIEWS[name], last - first);
    const whole = name === "day" || name === "week";
    const start = this.middle - span / 2;
    // A day begins at midnight.
    this.showFrom(whole ? Math.round((start + SHANGHAI) / DAY) * DAY - SHANGHAI : start, span);
  }

  zoom(factor, around) {
    const [first, last] = this.bounds;
    const wanted = Math.min(Math.max(this.span * factor, NEAREST), last - first);
    this.showFrom(around - ((around - this.shown[0]) * wanted) / this.span, wanted);
  }

  showFrom(start, span) {
    const [first, last] = this.bounds;
    const begin = Math.round(Math.min(Math.max(start, first), last - span));
    this.shown = [begin, Math.round(begin + span)];
    this.draw();
  }

  end() {
    this.observer.disconnect();
    this.store.end();
    this.hover.end();
  }
}
