// The part of the address that the player keeps by itself: where the clock stands, speed and layout. Camera and
// range are kept by Python (dashboard/footage_choice.py).

const WRITTEN_EVERY = 1000; // milliseconds; browsers refuse more than a few writes a second

class Link {
  // What the address asks for: { at, speed, layout }, each undefined where it does not say.
  static read() {
    const query = new URLSearchParams(location.search);
    const [, second, rest] = /^([^.]*)(\.\d{1,6})?$/.exec(query.get("at") ?? "") ?? [];
    const at = Date.parse(`${second}+08:00`);
    return {
      at: Number.isNaN(at) ? undefined : at * 1000 + Math.round(Number(rest ?? 0) * SECOND),
      speed: Number(query.get("speed")) || undefined,
      layout: query.get("layout") ?? undefined,
    };
  }

  // values: names to texts; an empty text takes the name out.
  write(values) {
    this.values = values;
    this.timer ??= setTimeout(() => this.writeNow(), WRITTEN_EVERY);
  }

  writeNow() {
    this.timer = null;
    const address = new URL(location.href);
    for (const [name, value] of Object.entries(this.values)) {
      if (value) address.searchParams.set(name, value);
      else address.searchParams.delete(name);
    }
    if (address.href !== location.href) history.replaceState(history.state, "", address);
  }

  end() {
    clearTimeout(this.timer);
  }
}
