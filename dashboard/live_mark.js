// A mark on a picture, live or footage: stored the moment it is made, kind and note as they come. Used by the
// live wall and the footage player, so its names begin with "mark" and its looks come along.

const MARK_KINDS = ["irregularity", "left_post", "stranger", "dispute", "device", "other"];
const MARK_AGAIN = [1000, 2000, 5000]; // milliseconds until the next try; then always the last
const MARK_PATIENCE = 8000;
const MARK_STAYS = 700; // after the note is stored
const MARK_CLOCK = new Intl.DateTimeFormat("sv-SE", { timeZone: "Asia/Shanghai", timeStyle: "medium" });
const MARK_STYLE = `
.mark-panel { position: absolute; z-index: 5; left: 8px; bottom: 8px; box-sizing: border-box; width: 316px; max-width: calc(100% - 16px);
  padding: 6px 8px 8px; border-radius: 6px; background: rgb(15 23 32 / 94%); color: #e6edf3; font: 13px/1.5 var(--st-font, sans-serif);
  text-align: left; cursor: default; box-shadow: 0 2px 12px rgb(0 0 0 / 45%); font-variant-numeric: tabular-nums; }
.mark-panel .mark-line { display: flex; align-items: center; gap: 8px; min-height: 26px; }
.mark-panel .mark-told { flex: 1; min-width: 0; color: #93a1ae; }
.mark-panel[data-state="stored"] .mark-told { color: #7fc8a5; }
.mark-panel[data-state="waiting"] .mark-told, .mark-panel[data-state="refused"] .mark-told { color: #f0a59f; }
.mark-panel a { color: #8fc0f5; white-space: nowrap; }
.mark-panel button { height: 26px; padding: 0 8px; border: 1px solid #4a5967; border-radius: 4px; background: none; color: inherit; font: inherit; cursor: pointer; }
.mark-panel button:hover { background: rgb(255 255 255 / 12%); }
.mark-panel .mark-close { width: 26px; padding: 0; border: 0; font-size: 16px; line-height: 1; }
.mark-panel [aria-pressed="true"] { border-color: #6ba6e8; background: #1257a8; color: #fff; }
.mark-panel .mark-kinds { display: flex; flex-wrap: wrap; gap: 4px; margin: 3px 0 6px; }
.mark-panel input { box-sizing: border-box; width: 100%; height: 30px; padding: 0 8px; border: 1px solid #4a5967; border-radius: 4px;
  background: #0b1016; color: inherit; font: inherit; }
.mark-panel :focus-visible { outline: 2px solid #6ba6e8; outline-offset: 1px; }
@media (pointer: coarse) { .mark-panel button { height: 34px; } .mark-panel .mark-close { width: 34px; } .mark-panel input { height: 38px; } }`;

function markElement(tag, className, text) {
  const made = document.createElement(tag);
  if (className) made.className = className;
  if (text) made.textContent = text;
  return made;
}

// What the server is to know of one mark. It is told until it knows; `state` is saving, stored, waiting (it did
// not answer: tried again) or refused (with the reason: tried again when something changes).
class MarkOnServer {
  constructor(made, onChange) {
    this.made = made;
    this.onChange = onChange;
    this.wanted = { kind: "other", note: "" };
    this.state = "saving";
  }

  set(wanted) {
    this.wanted = { ...this.wanted, ...wanted };
    return this.tell();
  }

  get known() {
    return this.stored && this.stored.kind === this.wanted.kind && this.stored.note === this.wanted.note;
  }

  tell() {
    this.telling ??= this.keepTelling().finally(() => (this.telling = null));
    return this.telling;
  }

  async keepTelling() {
    for (let failures = 0; !this.known; failures++) {
      if (this.state !== "waiting") this.show("saving");
      if (await this.once({ ...this.wanted })) continue;
      if (this.state === "refused") return;
      await new Promise((resolve) => setTimeout(resolve, MARK_AGAIN[Math.min(failures, MARK_AGAIN.length - 1)]));
    }
    this.show("stored");
  }

  async once(wanted) {
    const [method, address, body] = this.id
      ? ["PATCH", `/live/marks/${this.id}`, wanted]
      : ["POST", "/live/marks", { ...this.made, ...wanted }];
    const headers = { "content-type": "application/json" };
    // It goes out even when the page is closed meanwhile.
    const asking = { method, headers, body: JSON.stringify(body), keepalive: true, signal: AbortSignal.timeout(MARK_PATIENCE) };
    const answer = await fetch(address, asking).catch(() => null);
    const told = await answer?.json().catch(() => null);
    if (answer?.ok && told) {
      [this.id, this.link, this.stored] = [told.id, told.footage, wanted];
      return true;
    }
    const final = [403, 404, 422].includes(answer?.status);
    this.show(final ? "refused" : "waiting", answer?.status === 401 ? { signed_out: true } : told);
    return false;
  }

  show(state, reason = null) {
    [this.state, this.reason] = [state, reason];
    this.onChange();
  }
}

class MarkPanel {
  constructor(words, language) {
    this.words = words;
    this.language = language;
    this.marks = []; // all that were made here and that the server does not know yet, and the one that is shown
    this.build();
  }

  build() {
    const { words } = this;
    this.root = markElement("div", "mark-panel");
    this.root.setAttribute("role", "group");
    this.root.setAttribute("aria-label", words.title);
    this.time = markElement("b");
    this.told = markElement("span", "mark-told");
    this.told.setAttribute("role", "status");
    this.replay = markElement("a", "", words.replay);
    this.replay.target = "_blank";
    const close = markElement("button", "mark-close", "×");
    close.title = words.close;
    close.setAttribute("aria-label", words.close);
    close.onclick = () => this.close();
    const line = markElement("div", "mark-line");
    line.append(this.time, this.told, this.replay, close);
    this.kinds = markElement("div", "mark-kinds");
    this.kinds.append(...MARK_KINDS.map((kind) => this.kindButton(kind)));
    this.note = markElement("input");
    Object.assign(this.note, { placeholder: words.note, maxLength: 500 });
    this.note.setAttribute("aria-label", words.note);
    this.note.onchange = () => this.shown?.set({ note: this.note.value.trim() });
    this.root.append(markElement("style", "", MARK_STYLE), line, this.kinds, this.note);
    this.root.onkeydown = (event) => this.key(event);
    for (const name of ["click", "dblclick", "pointerdown"]) {
      this.root.addEventListener(name, (event) => event.stopPropagation()); // it lies over a picture
    }
  }

  kindButton(kind) {
    const button = markElement("button", "", this.words[`kind.${kind}`]);
    button.dataset.kind = kind;
    button.onclick = () => {
      this.shown.set({ kind });
      this.show();
      this.note.focus({ preventScroll: true });
    };
    return button;
  }

  // Makes a mark and shows itself in `host`, which is positioned.
  // camera: its id; at: Date of the picture; source: live or footage; stored: told when the server knows the mark.
  open(host, { camera, at, source = "live", stored = () => {} }) {
    if (this.host) this.close();
    this.host = host;
    const mark = new MarkOnServer({ camera, at: at.toISOString(), source }, () => {
      if (mark.state === "stored") stored({ id: mark.id, camera, at, ...mark.stored });
      if (this.root.isConnected) this.show();
    });
    this.shown = mark;
    this.marks = [...this.marks.filter((each) => !each.known), mark];
    this.time.textContent = MARK_CLOCK.format(at);
    this.note.value = "";
    host.append(this.root);
    mark.tell();
    this.show();
    this.note.focus({ preventScroll: true });
  }

  show() {
    const { shown, words } = this;
    if (!shown) return;
    this.root.dataset.state = shown.state;
    this.told.textContent = this.words_of(shown);
    this.replay.hidden = !shown.link;
    if (shown.link) this.replay.href = shown.link + (this.language === "zh" ? "" : `&language=${this.language}`);
    for (const button of this.kinds.children) {
      button.setAttribute("aria-pressed", button.dataset.kind === shown.wanted.kind);
    }
    const others = this.marks.filter((each) => each !== shown && !each.known).length;
    if (others) this.told.textContent += ` · ${words.others.replace("{count}", others)}`;
  }

  words_of({ state, reason }) {
    if (state === "refused") return reason?.[this.language] ?? this.words.refused;
    if (state === "waiting") return reason?.signed_out ? this.words.signed_out : this.words.waiting;
    return this.words[state];
  }

  key(event) {
    event.stopPropagation(); // keys of the player
    if (event.key === "Escape") this.close();
    if (event.key === "Enter" && event.target === this.note && !event.isComposing) this.save();
  }

  async save() {
    const { shown } = this;
    await shown.set({ note: this.note.value.trim() });
    if (!shown.known) return; // the reason is shown, what was typed stays
    await new Promise((resolve) => setTimeout(resolve, MARK_STAYS));
    if (this.shown === shown) this.close();
  }

  // What was typed is kept all the same.
  close() {
    const { host, shown } = this;
    if (!shown) return;
    this.host = this.shown = null;
    const note = this.note.value.trim();
    this.root.remove();
    if (note !== shown.wanted.note) shown.set({ note });
    host.closest("[tabindex]")?.focus({ preventScroll: true });
  }
}
