// What the wall and the supervision room's screen share: tiles that know whether they are seen, one voice at a
// time, marks, keys, and one question every 5 s after what the recorder says of all cameras.

const ASK_STATUS_EVERY = 5000; // milliseconds, as all that follow
const STATUS_GOOD_FOR = 15000;
const HIDDEN_STAYS = 15000;

class Board {
  constructor(parent, data, tell) {
    Object.assign(this, { data, tell });
    this.tiles = new Map();
    this.choice = { ...data.choice };
    this.session = data.session;
    this.root = element("div", "live");
    this.observer = new IntersectionObserver((seen) => this.look(seen));
    this.timer = setInterval(() => this.askStatus(), ASK_STATUS_EVERY);
    this.leaving = new AbortController();
    const { signal } = this.leaving;
    document.addEventListener("keydown", (event) => this.key(event), { signal });
    document.addEventListener("visibilitychange", () => this.turnVisible(), { signal });
    window.addEventListener("pagehide", () => this.sleep(true), { signal });
    window.addEventListener("pageshow", () => this.sleep(false), { signal });
    this.root.addEventListener("fullscreenchange", () => this.arrange(), { signal });
    this.build();
    parent.append(this.root);
  }

  // A script run with the same cameras leaves their pictures playing.
  take(data, tell) {
    Object.assign(this, { data, tell });
    const wanted = new Set(data.cameras.map(({ id }) => id));
    for (const [id, tile] of this.tiles) if (!wanted.has(id)) this.discard(tile);
    for (const camera of data.cameras) {
      const tile = this.tiles.get(camera.id);
      if (tile) tile.update(camera, data);
      else this.tiles.set(camera.id, new Tile(camera, data, this));
    }
    this.arrange();
    if (!this.asked) this.askStatus();
  }

  discard(tile) {
    this.observer.unobserve(tile.root);
    this.tiles.delete(tile.camera.id);
    tile.remove();
  }

  look(seen) {
    for (const { target, isIntersecting } of seen) {
      this.tiles.get(Number(target.dataset.camera))?.see(isIntersecting);
    }
  }

  turnVisible() {
    clearTimeout(this.hiding);
    if (document.hidden) this.hiding = setTimeout(() => this.sleep(true), HIDDEN_STAYS);
    else {
      this.sleep(false);
      this.tiles.forEach((tile) => tile.inSight && tile.lookAgain());
    }
  }

  sleep(asleep) {
    if (asleep === Boolean(this.asleep)) return;
    this.asleep = asleep;
    this.tiles.forEach((tile) => tile.follow());
  }

  async askStatus() {
    if (document.hidden || !this.tiles.size) return;
    const asked = (this.asked = performance.now());
    const ids = [...this.tiles.keys()];
    const answer = await fetch(`/live/status?cameras=${ids}`).catch(() => null);
    const said = answer?.ok ? await answer.json().catch(() => null) : null;
    if (said) {
      this.answered = performance.now();
      CLOCK.ahead = said.now + (this.answered - asked) / 2 - Date.now();
    } else if (performance.now() - (this.answered ?? 0) < STATUS_GOOD_FOR) return;
    const byId = new Map((said?.cameras ?? []).map((one) => [one.id, one]));
    this.tiles.forEach((tile, id) => tile.report(byId.get(id)));
  }

  // One tile at a time is heard.
  sound(tile, on = !tile.wanted.sound) {
    if (on && !tile.camera.sound) return;
    if (on) this.tiles.forEach((other) => other !== tile && other.wanted.sound && other.want({ sound: false }));
    if (tile.wanted.sound !== on) tile.want({ sound: on });
  }

  mark(tile) {
    const at = tile.pictureAt();
    if (!at || !tile.camera.markable) return;
    this.marks ??= new MarkPanel(this.data.mark_words, this.data.language);
    this.marks.open(tile.picture, { camera: tile.camera.id, at });
  }

  // The tile that a key is meant for.
  meant() {
    const shown = this.shownTiles();
    const pointed = shown.find(({ root }) => root.matches(":focus-within")) ?? shown.find(({ root }) => root.matches(":hover"));
    return pointed ?? (shown.length === 1 ? shown[0] : null);
  }

  key(event) {
    const target = event.composedPath()[0];
    const typing = target?.closest?.("input:not([type=radio]), textarea, select, [contenteditable]");
    if (typing || event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
    const press = this.keys(target)[event.key.length === 1 ? event.key.toLowerCase() : event.key];
    if (press && press() !== false) event.preventDefault();
  }

  // Key to what it does; false: it does nothing here.
  keys() {
    const tile = this.meant();
    return {
      f: () => (tile ? tile.fullScreen() : this.fullScreen()),
      s: () => (tile ? this.sound(tile) : false),
      m: () => (tile ? this.mark(tile) : false),
    };
  }

  fullScreen() {
    if (document.fullscreenElement) document.exitFullscreen();
    else this.root.requestFullscreen?.();
  }

  remove() {
    this.leaving.abort();
    clearInterval(this.timer);
    clearTimeout(this.hiding);
    this.observer.disconnect();
    this.tiles.forEach((tile) => tile.remove());
    this.root.remove();
  }
}

// Puts the nodes below `parent` in this order, without moving those that are in place: a moved video stops.
function inOrder(parent, nodes) {
  for (const child of [...parent.children]) if (!nodes.includes(child)) child.remove();
  nodes.forEach((node, place) => {
    const here = parent.children[place] ?? null;
    if (here === node) return;
    if (node.parentNode === parent && parent.moveBefore) parent.moveBefore(node, here);
    else parent.insertBefore(node, here);
  });
}
