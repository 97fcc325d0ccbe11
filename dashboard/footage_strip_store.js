// What the strip knows of: what the page has brought along, and beyond that what the server tells of a stretch
// (GET /footage/strip), no finer than can be seen.

const ASKED_AFTER = 150; // milliseconds without another move
const ASKED_ANEW = 10000; // milliseconds, while it reaches into the present
const TOO_COARSE = 8; // what was told of a stretch is too coarse for less than this part of it

class StripStore {
  constructor(changed) {
    this.changed = changed;
    this.coming = false;
    this.failed = false;
  }

  // What the page knows of its window; sameRoom: what was told before still holds.
  brought(data, sameRoom) {
    this.page = data;
    if (!sameRoom) this.more = null;
  }

  // The lanes, sessions, marks and holds to be drawn; what is missing is asked for and comes later.
  told(shown) {
    const { page, more } = this;
    const covers = (layer) => layer && layer.window[0] <= shown[0] && layer.window[1] >= shown[1];
    if (covers(page)) return { ...page, holds: page.strip.holds };
    const fine = covers(more) && (more.window[1] - more.window[0]) / (shown[1] - shown[0]) <= TOO_COARSE;
    const old = more && more.window[1] > more.asked && Date.now() * 1000 - more.asked > ASKED_ANEW * 1000;
    if (!fine || old) this.askSoon(shown);
    if (!more) return { ...page, holds: page.strip.holds };
    const told = new Set(more.marks.map(({ id }) => id));
    return { ...more, marks: [...more.marks, ...page.marks.filter(({ id }) => !told.has(id))] };
  }

  askSoon(shown) {
    this.wanted = shown;
    if (this.timer) return;
    this.coming = true;
    this.timer = setTimeout(() => this.ask(), ASKED_AFTER);
  }

  // With as much on both sides, so that panning finds something there.
  async ask() {
    const [start, end] = this.wanted;
    const { bounds, room } = this.page.strip;
    const from = Math.max(Math.min(bounds[0], start), start - (end - start));
    const to = Math.min(Math.max(bounds[1], end), end + (end - start));
    const query = new URLSearchParams({ room, from: isoOf(from), to: isoOf(to), language: this.page.language });
    const asked = Date.now() * 1000;
    const answer = await fetch(`/footage/strip?${query}`).catch(() => null);
    const told = answer?.ok ? await answer.json().catch(() => null) : null;
    this.timer = null;
    if (room !== this.page.strip.room || this.over) return;
    this.coming = false;
    this.failed = !told;
    if (told) this.more = { ...told, asked };
    else return setTimeout(() => this.over || this.changed(), ASKED_ANEW / 2);
    this.changed();
    if (to > asked) setTimeout(() => this.over || this.changed(), ASKED_ANEW + 1);
  }

  end() {
    this.over = true;
    clearTimeout(this.timer);
  }
}
