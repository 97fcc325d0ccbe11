// The supervision room's screen: room after room by itself, those with a session on first.
//
// Each room has a layer of its own. The next one is laid below a few seconds before its turn: it is seen as far
// as its tiles know, so its pictures are on when it comes up.

const AHEAD = 4000; // milliseconds
const CONTROLS_STAY = 4000;
const LARGE = 2; // so many tiles are large enough for the main stream

class Display extends Board {
  build() {
    this.root.classList.add("display");
    this.layers = new Map();
    this.head = element("header");
    [this.room, this.held, this.clock] = ["room", "held", "clock"].map((name) => element("span", name));
    this.held.append(element("b"), element("span"));
    this.head.append(this.room, this.held, this.clock);
    this.stage = element("div", "stage");
    this.empty = element("div", "empty");
    this.foot = element("footer");
    this.dots = element("span", "dots");
    this.seconds = element("select");
    this.seconds.onchange = () => this.go(Number(this.seconds.value));
    this.pause = element("button", "pause");
    this.pause.type = "button";
    this.pause.onclick = () => this.hold();
    this.wayBack = element("a");
    this.foot.append(this.dots, this.seconds, this.pause, this.wayBack);
    this.root.append(this.head, this.stage, this.empty, this.foot);
    this.root.onpointermove = () => this.showControls();
    this.ticking = setInterval(() => this.goRound(), TICK);
    this.since = performance.now();
  }

  take(data, tell) {
    super.take(data, tell);
    const { words } = data;
    this.seconds.setAttribute("aria-label", words.every);
    const options = data.seconds.map((value) => {
      const word = words.every_seconds.replace("{seconds}", value);
      return new Option(word, value, false, value === this.choice.seconds);
    });
    this.seconds.replaceChildren(...options);
    write(this.wayBack, words.way_back);
    this.wayBack.href = data.way_back;
    write(this.empty, words.nothing_to_show);
    this.showPause();
  }

  // The rooms that may be seen and have a camera in use, those with a session on first.
  rooms() {
    const busy = new Set(this.data.sessions.map(({ room }) => room));
    const seen = this.data.cameras.filter(({ allowed, enabled }) => allowed && enabled);
    const all = [...new Set(seen.map(({ room }) => room))];
    return [...all.filter((room) => busy.has(room)), ...all.filter((room) => !busy.has(room))];
  }

  arrange() {
    const rooms = this.rooms();
    for (const room of rooms) if (!this.layers.has(room)) this.layers.set(room, element("div", "layer"));
    inOrder(this.stage, rooms.map((room) => this.layers.get(room)));
    for (const [room, layer] of this.layers) {
      const tiles = this.tilesOf(room);
      inOrder(layer, tiles.map(({ root }) => root));
      layer.style.setProperty("--columns", Math.max(1, Math.ceil(Math.sqrt(tiles.length))));
      tiles.forEach((tile) => {
        this.observer.observe(tile.root);
        if (!tile.wanted.big && tiles.length <= LARGE) tile.want({ big: true });
      });
    }
    this.empty.hidden = rooms.length > 0;
    if (!rooms.includes(this.on)) this.bring(rooms[0]);
    else this.showOn();
  }

  tilesOf(room) {
    const ids = this.data.cameras.filter((camera) => camera.room === room && camera.allowed && camera.enabled);
    return ids.map(({ id }) => this.tiles.get(id)).filter(Boolean);
  }

  shownTiles() {
    return this.tilesOf(this.on);
  }

  bring(room) {
    this.on = room;
    this.since = performance.now();
    this.showOn();
  }

  showOn(next) {
    for (const [room, layer] of this.layers) {
      layer.hidden = room !== this.on && room !== next;
      layer.classList.toggle("on", room === this.on);
    }
    const camera = this.data.cameras.find(({ room }) => room === this.on);
    const held = this.data.sessions.find(({ room }) => room === this.on);
    write(this.room, camera?.place ?? "");
    write(this.held.firstChild, held ? `${held.type} ${held.clock}` : this.data.words.no_session);
    write(this.held.lastChild, held?.project ?? "");
    const rooms = this.rooms();
    this.root.dataset.room = this.on ?? "";
    write(this.dots, rooms.length ? `${rooms.indexOf(this.on) + 1} / ${rooms.length}` : "");
  }

  goRound() {
    write(this.clock, DAY_AND_TIME.format(CLOCK.now()));
    if (this.paused || document.hidden) return;
    const left = this.choice.seconds * 1000 - (performance.now() - this.since);
    const next = this.besides(1);
    if (left <= 0) this.bring(next);
    else if (left < AHEAD && next !== this.on) this.showOn(next);
  }

  besides(step) {
    const rooms = this.rooms();
    return rooms[(rooms.indexOf(this.on) + step + rooms.length) % rooms.length];
  }

  go(seconds) {
    this.choice.seconds = seconds;
    this.tell({ session: null, choice: this.choice });
  }

  hold(paused = !this.paused) {
    this.paused = paused;
    this.since = performance.now();
    this.showPause();
  }

  showPause() {
    write(this.pause, this.data.words[this.paused ? "go_on" : "pause"]);
    this.pause.setAttribute("aria-pressed", Boolean(this.paused));
  }

  showControls() {
    this.root.classList.add("touched");
    clearTimeout(this.quiet);
    this.quiet = setTimeout(() => this.root.classList.remove("touched"), CONTROLS_STAY);
  }

  enlarge(tile) {
    tile.fullScreen();
  }

  keys() {
    return {
      ...super.keys(),
      f: () => this.fullScreen(),
      " ": () => this.hold(),
      ArrowLeft: () => this.bring(this.besides(-1)),
      ArrowRight: () => this.bring(this.besides(1)),
    };
  }

  remove() {
    clearInterval(this.ticking);
    clearTimeout(this.quiet);
    super.remove();
  }
}
