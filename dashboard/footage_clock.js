// The one clock that all pictures of a footage player go by: an instant, in microseconds since 1970, that goes
// on at a speed while it runs.

class Clock {
  constructor() {
    this.instant = 0;
    this.speed = 1;
    this.since = null; // performance.now() at `instant`; null while it stands
  }

  get runs() {
    return this.since !== null;
  }

  get now() {
    return this.at(performance.now());
  }

  // At a time of the browser (performance.now()), the future included.
  at(time) {
    return this.runs ? Math.round(this.instant + (time - this.since) * 1000 * this.speed) : this.instant;
  }

  set(instant) {
    this.instant = Math.round(instant);
    if (this.runs) this.since = performance.now();
  }

  run() {
    this.since = performance.now();
  }

  stand() {
    this.instant = this.now;
    this.since = null;
  }

  goAt(speed) {
    this.set(this.now);
    this.speed = speed;
  }
}
