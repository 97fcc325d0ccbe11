// The wall on a desk: the sessions on now to choose from, layouts, pages, and one camera enlarged.

const PICTURES_FIRST = 300; // milliseconds: the page's script would compete with the connections

class Wall extends Board {
  build() {
    this.page = 0;
    this.sessions = element("div", "sessions");
    this.sessions.setAttribute("role", "radiogroup");
    this.bar = element("div", "bar");
    this.layouts = element("div", "layouts");
    this.filter = element("select", "filter");
    this.filter.onchange = () => this.choose({ filter: this.filter.value });
    this.pager = element("div", "pager");
    this.number = element("span", "number");
    this.pager.append(this.pageButton("page_back", "‹", -1), this.number, this.pageButton("page_on", "›", 1));
    this.full = element("button", "whole");
    this.full.type = "button";
    this.full.append(icon("full_screen"));
    this.full.onclick = () => this.fullScreen();
    this.about = element("span", "about");
    this.bar.append(this.about, this.layouts, this.filter, this.pager, this.full);
    this.empty = element("div", "empty");
    this.empty.append(element("b"), element("span"));
    this.grid = element("div", "grid");
    this.root.append(this.sessions, this.bar, this.empty, this.grid);
  }

  pageButton(name, sign, step) {
    const button = element("button", name, sign);
    button.type = "button";
    button.onclick = () => this.turn(step);
    return button;
  }

  take(data, tell) {
    // A choice made here and not yet known there stands.
    if (this.pending === undefined || this.pending === data.session) {
      if (data.session !== this.session) this.page = 0;
      this.session = data.session;
      this.pending = undefined;
    }
    super.take(data, tell);
    this.showSessions();
    this.showChoices();
  }

  showSessions() {
    const { words, sessions } = this.data;
    this.sessions.setAttribute("aria-label", words.sessions);
    const all = { id: null, place: words.all_on, clock: "", type: words.on_now.replace("{sessions}", sessions.length) };
    const entries = [all, ...sessions].map((held) => this.sessionEntry(held));
    this.sessions.replaceChildren(...entries);
  }

  sessionEntry(held) {
    const label = element("label");
    if (held.id !== null) label.dataset.session = held.id;
    const radio = element("input");
    Object.assign(radio, { type: "radio", name: "session", checked: held.id === this.session });
    radio.onchange = () => this.watch(held.id);
    const line = element("span", "line");
    line.append(element("b", "", held.place), element("span", "", held.clock));
    const project = element("span", "project", [held.type, held.project].filter(Boolean).join(" · "));
    label.title = held.project ?? "";
    label.append(radio, line, project);
    return label;
  }

  // One click shows all cameras of a session; the page follows with its facts.
  watch(session) {
    this.session = this.pending = session;
    this.page = 0;
    this.enlarged = null;
    this.arrange();
    clearTimeout(this.saying);
    this.saying = setTimeout(() => this.say(), PICTURES_FIRST);
  }

  choose(change) {
    Object.assign(this.choice, change);
    this.page = 0;
    this.enlarged = null;
    this.arrange();
    this.showChoices();
    this.say();
  }

  say() {
    clearTimeout(this.saying);
    this.tell({ session: this.session, choice: this.choice });
  }

  showChoices() {
    const { words, filters } = this.data;
    const names = { rooms: words.all_rooms };
    const buttons = ["1", "4", "9", "16", "rooms"].map((layout) => {
      const button = element("button", "", names[layout] ?? layout);
      button.type = "button";
      button.dataset.layout = layout;
      button.title = names[layout] ?? words.layout.replace("{tiles}", layout);
      button.setAttribute("aria-label", button.title);
      button.setAttribute("aria-pressed", layout === this.choice.layout);
      button.onclick = () => this.choose({ layout });
      return button;
    });
    this.layouts.replaceChildren(...buttons);
    this.filter.setAttribute("aria-label", words.filter);
    this.filter.replaceChildren(...filters.map(([code, word]) => new Option(word, code, false, code === this.choice.filter)));
    this.full.title = `${words.full_screen} (F)`;
    for (const name of ["page_back", "page_on"]) this.pager.querySelector(`.${name}`).title = words[name];
    for (const button of [this.full, ...this.pager.querySelectorAll("button")]) button.setAttribute("aria-label", button.title);
  }

  // Of the session that is looked at; one that is not on now is known from the link only.
  roomOfSession() {
    const { sessions, session, room } = this.data;
    return sessions.find(({ id }) => id === this.session)?.room ?? (session === this.session ? room : null);
  }

  // Why a session has no live pictures, and what to do.
  notice() {
    return this.data.session === this.session ? this.data.notice : null;
  }

  // The cameras to choose from: of the session, of all rooms, or as filtered; what may not be seen comes last.
  scope() {
    const { cameras, sessions } = this.data;
    const { layout, filter } = this.choice;
    if (this.session !== null) return this.notice() ? [] : cameras.filter(({ room }) => room === this.roomOfSession());
    if (layout === "rooms") return cameras;
    const busy = new Set(sessions.map(({ room }) => room));
    const wanted = { on: ({ room }) => busy.has(room), all: () => true };
    const found = cameras.filter(wanted[filter] ?? (({ type }) => type === filter));
    return [...found.filter(({ allowed }) => allowed), ...found.filter(({ allowed }) => !allowed)];
  }

  // Lays out what is to be seen now.
  arrange() {
    const scope = this.scope();
    const paged = this.session === null && this.choice.layout !== "rooms";
    const size = paged ? Number(this.choice.layout) : Math.max(scope.length, 1);
    this.pages = Math.max(1, Math.ceil(scope.length / size));
    this.page = Math.min(this.page, this.pages - 1);
    this.scoped = scope.map(({ id }) => this.tiles.get(id)).filter(Boolean);
    if (!this.scoped.includes(this.enlarged)) this.enlarged = null;
    this.onPage = this.scoped.slice(this.page * size, (this.page + 1) * size);
    const shown = this.shownTiles();
    this.tiles.forEach((tile) => {
      tile.root.hidden = !shown.includes(tile);
      this.observer.observe(tile.root);
    });
    const others = [...this.tiles.values()].filter((tile) => !this.scoped.includes(tile));
    inOrder(this.grid, [...this.scoped, ...others].map(({ root }) => root));
    this.layOut(shown.length, paged ? size : shown.length);
    this.grid.classList.toggle("enlarged", Boolean(this.enlarged));
    this.giveStreams(shown);
    this.showRest(paged);
  }

  // As many columns as the layout has, fewer when there is less to show; all rooms take what fits.
  layOut(tiles, size) {
    const columns = Math.max(1, Math.min(Math.ceil(Math.sqrt(size)), tiles));
    const everyRoom = this.session === null && this.choice.layout === "rooms" && tiles > 1;
    this.grid.dataset.layout = everyRoom ? "rooms" : columns ** 2;
    this.grid.style.setProperty("--columns", columns);
    this.grid.style.setProperty("--rows", Math.ceil(tiles / columns));
  }

  shownTiles() {
    return this.enlarged ? [this.enlarged] : this.onPage ?? [];
  }

  giveStreams(shown) {
    this.tiles.forEach((tile) => {
      const alone = shown.length === 1 && shown[0] === tile;
      const big = alone || tile.root.matches(":fullscreen");
      tile.enlarged = tile === this.enlarged;
      if (big !== tile.wanted.big) tile.want({ big });
      else tile.label();
    });
  }

  showRest(paged) {
    const { words } = this.data;
    const held = this.data.sessions.find(({ id }) => id === this.session);
    write(this.about, held ? held.project : "");
    this.about.hidden = !held;
    this.layouts.hidden = this.session !== null;
    this.pager.hidden = !paged || this.pages === 1 || Boolean(this.enlarged);
    this.filter.hidden = !paged;
    write(this.number, `${this.page + 1} / ${this.pages}`);
    const nothing = this.data.sessions.length ? [words.none_here, words.none_here_help] : [words.nothing_on, words.nothing_on_help];
    const [why, help] = this.notice() ?? nothing;
    this.empty.hidden = this.scoped.length > 0;
    write(this.empty.firstChild, why);
    write(this.empty.lastChild, help);
    this.sessions.querySelectorAll("label").forEach((label) => {
      label.firstChild.checked = (label.dataset.session ?? null) === (this.session === null ? null : String(this.session));
    });
  }

  turn(step) {
    if (this.pages < 2) return false;
    this.page = (this.page + step + this.pages) % this.pages;
    this.arrange();
  }

  enlarge(tile) {
    if (this.scoped.length < 2) return; // it is as large as can be
    this.enlarged = this.enlarged === tile ? null : tile;
    this.arrange();
    tile.root.focus({ preventScroll: true });
  }

  // The camera beside the enlarged one, else the page beside this one.
  beside(step) {
    if (!this.enlarged) return this.turn(step);
    const place = this.scoped.indexOf(this.enlarged) + step;
    this.enlarge(this.scoped[(place + this.scoped.length) % this.scoped.length]);
  }

  keys(target) {
    const onRadio = target?.matches?.("input");
    const tile = this.scoped.find(({ root }) => root === target);
    return {
      ...super.keys(),
      Enter: () => (tile ? this.enlarge(tile) : false),
      Escape: () => (this.enlarged ? this.enlarge(this.enlarged) : false),
      ArrowLeft: () => (onRadio ? false : this.beside(-1)),
      ArrowRight: () => (onRadio ? false : this.beside(1)),
    };
  }

  remove() {
    clearTimeout(this.saying);
    super.remove();
  }
}
