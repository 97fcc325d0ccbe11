// How the strip is moved: the wheel and two fingers zoom, dragging pans, a click plays. By keyboard: arrows move a
// cursor and change the camera, plus and minus zoom, with shift arrows pan, Enter plays.

const A_MOVE = 5; // pixels; less is a click
const CURSOR_STEPS = 60; // arrows to get across

class StripHands {
  constructor(strip) {
    this.strip = strip;
    this.fingers = new Map(); // pointer id to x
    this.cursor = make("div", "cursor");
    this.cursor.hidden = true;
    const { tracks } = strip;
    tracks.addEventListener("wheel", (event) => this.wheel(event), { passive: false });
    tracks.onpointerdown = (event) => this.grab(event);
    tracks.onpointermove = (event) => this.move(event);
    tracks.onpointerup = (event) => this.drop(event);
    tracks.onpointercancel = (event) => this.letGo(event);
    tracks.onpointerleave = () => this.leave();
    tracks.onkeydown = (event) => this.key(event);
    tracks.onblur = () => this.forget();
  }

  wheel(event) {
    const { strip } = this;
    const sideways = event.shiftKey || Math.abs(event.deltaX) > Math.abs(event.deltaY);
    if (sideways) {
      event.preventDefault();
      const pixels = event.deltaX || event.deltaY;
      return strip.showFrom(strip.shown[0] + (pixels / strip.tracks.clientWidth) * strip.span, strip.span);
    }
    const [first, last] = strip.bounds;
    const out = event.deltaY > 0;
    if (out && strip.span >= last - first) return; // nothing to zoom out of: the page scrolls
    event.preventDefault();
    strip.zoom(out ? 1.25 : 0.8, strip.instantAt(event.clientX));
    this.explain(event);
  }

  grab(event) {
    if (event.button !== 0 || event.target.closest?.(".mark-tick")) return;
    this.fingers.set(event.pointerId, event.clientX);
    if (this.fingers.size === 2) return this.pinch();
    this.held = { x: event.clientX, start: this.strip.shown[0], moved: false };
  }

  pinch() {
    const [one, other] = this.fingers.values();
    this.held = { moved: true };
    this.pinched = { apart: Math.max(Math.abs(one - other), 1), span: this.strip.span, around: this.strip.instantAt((one + other) / 2) };
  }

  move(event) {
    const { strip, held } = this;
    if (this.fingers.has(event.pointerId)) this.fingers.set(event.pointerId, event.clientX);
    if (this.pinched) return this.spread();
    if (!held || !event.buttons) return this.explain(event);
    const distance = event.clientX - held.x;
    if (Math.abs(distance) < A_MOVE && !held.moved) return;
    if (!held.moved) strip.tracks.setPointerCapture(event.pointerId);
    held.moved = true;
    strip.hover.hide();
    strip.showFrom(held.start - (distance / strip.tracks.clientWidth) * strip.span, strip.span);
  }

  spread() {
    const [one, other] = this.fingers.values();
    const { apart, span, around } = this.pinched;
    const { strip } = this;
    strip.zoom((span * apart) / Math.max(Math.abs(one - other), 1) / strip.span, around);
  }

  letGo(event) {
    this.fingers.delete(event.pointerId);
    this.pinched = null;
    const { held } = this;
    this.held = this.fingers.size ? { moved: true } : null;
    return held;
  }

  drop(event) {
    const held = this.letGo(event);
    if (!held || held.moved) return;
    const { strip } = this;
    strip.hover.hide();
    strip.pick(this.cameraOf(event), strip.instantAt(event.clientX));
  }

  leave() {
    this.strip.hint.textContent = "";
    this.strip.hover.hide();
  }

  cameraOf(event) {
    const lane = event.target.closest?.(".lane");
    return lane ? Number(lane.dataset.camera) : this.strip.camera;
  }

  explain(event) {
    const { strip } = this;
    if (event.pointerType === "touch") return;
    const tick = event.target.closest?.(".mark-tick");
    const told = tick?.title ?? event.target.dataset?.told;
    const instant = tick ? Number(tick.dataset.at) : strip.instantAt(event.clientX);
    strip.hover.show(this.cameraOf(event), instant, event.clientX, told);
  }

  // ---- by keyboard ----

  key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target !== this.strip.tracks) return;
    const { strip } = this;
    const pan = (share) => strip.showFrom(strip.shown[0] + share * strip.span, strip.span);
    const actions = {
      ArrowLeft: () => (event.shiftKey ? pan(-0.5) : this.go(-1)),
      ArrowRight: () => (event.shiftKey ? pan(0.5) : this.go(1)),
      ArrowUp: () => this.change(-1),
      ArrowDown: () => this.change(1),
      PageUp: () => pan(-1),
      PageDown: () => pan(1),
      Home: () => strip.showFrom(strip.bounds[0], strip.span),
      End: () => strip.showFrom(strip.bounds[1], strip.span),
      "+": () => strip.zoom(0.5, this.instant),
      "=": () => strip.zoom(0.5, this.instant),
      "-": () => strip.zoom(2, this.instant),
      Enter: () => strip.pick(this.camera, Math.round(this.instant)),
      Escape: () => this.forget(),
    };
    const action = actions[event.key];
    if (!action) return;
    event.preventDefault();
    event.stopPropagation(); // the player has the same keys
    action();
    if (event.key !== "Escape" && event.key !== "Enter") this.showCursor();
  }

  get instant() {
    const { strip } = this;
    const seen = this.at >= strip.shown[0] && this.at < strip.shown[1];
    return seen ? this.at : strip.middle;
  }

  get camera() {
    return this.chosen ?? this.strip.camera;
  }

  go(direction) {
    const { strip } = this;
    this.at = this.instant + (direction * strip.span) / CURSOR_STEPS;
    if (this.at < strip.shown[0]) strip.showFrom(strip.shown[0] - strip.span / 2, strip.span);
    if (this.at >= strip.shown[1]) strip.showFrom(strip.shown[0] + strip.span / 2, strip.span);
  }

  change(direction) {
    const ids = this.strip.told.lanes.map(({ id }) => id);
    this.chosen = ids[(ids.indexOf(this.camera) + direction + ids.length) % ids.length];
  }

  showCursor() {
    const { strip } = this;
    this.at = this.instant;
    this.cursor.hidden = false;
    this.draw();
    const box = strip.tracks.getBoundingClientRect();
    strip.hover.show(this.camera, this.at, box.left + strip.share(this.at) * box.width);
    strip.tracks.setAttribute("aria-valuetext", strip.hint.textContent);
  }

  draw() {
    if (this.cursor.hidden) return;
    const { strip } = this;
    this.cursor.style.left = `${strip.share(this.at) * 100}%`;
    for (const row of strip.tracks.querySelectorAll(".lane"))
      row.classList.toggle("pointed", Number(row.dataset.camera) === this.camera);
  }

  forget() {
    this.cursor.hidden = true;
    this.chosen = this.at = null;
    this.leave();
    this.strip.tracks.querySelector(".lane.pointed")?.classList.remove("pointed");
  }
}
