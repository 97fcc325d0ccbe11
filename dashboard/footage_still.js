// A still picture of what stands on the screen: made by the server from the footage itself, with its checksum.

class StillPanel {
  constructor(words, language) {
    Object.assign(this, { words, language });
    this.root = make("div", "still");
    this.root.setAttribute("role", "dialog");
    this.root.setAttribute("aria-label", words.still_title);
    this.image = make("img");
    this.facts = make("dl", "still-facts");
    this.save = make("a", "offer", words.still_save);
    const close = make("button", "offer", words.close);
    close.onclick = () => this.close();
    const row = make("div", "still-row");
    row.append(this.save, close);
    this.told = make("div", "still-told");
    this.told.setAttribute("role", "status");
    const side = make("div", "still-side");
    side.append(make("strong", "", words.still_title), this.told, this.facts, row);
    this.root.append(this.image, side);
    this.root.onkeydown = (event) => {
      event.stopPropagation(); // keys of the player
      if (event.key === "Escape") this.close();
    };
  }

  async open(host, camera, instant) {
    const asked = (this.asked = Symbol("still"));
    this.image.hidden = this.facts.hidden = this.save.hidden = true;
    this.told.textContent = this.words.still_making;
    host.append(this.root);
    this.root.querySelector("button").focus({ preventScroll: true });
    const answer = await fetch(`/footage/still/${camera}?at=${encodeURIComponent(isoOf(instant))}`).catch(() => null);
    const content = answer?.ok ? await answer.blob().catch(() => null) : null;
    if (asked !== this.asked) return;
    if (!content) return this.refuse(answer);
    this.told.textContent = "";
    this.show(answer.headers, content);
  }

  async refuse(answer) {
    const told = answer ? await answer.text().catch(() => "") : "";
    const [chinese, english] = told.split(" / ");
    this.told.textContent = (this.language === "en" ? english : chinese) || this.words.unreachable;
  }

  show(headers, content) {
    const { words } = this;
    const at = instantIn(headers.get("footage-at"));
    const facts = {
      still_at: `${dayOf(at)} ${timeOf(at, true)}`,
      still_number: headers.get("footage-number"),
      still_sha256: headers.get("footage-picture-sha256"),
      still_file_sha256: headers.get("footage-file-sha256"),
    };
    const lines = Object.entries(facts).flatMap(([name, value]) => [make("dt", "", words[name]), make("dd", "", value)]);
    this.facts.replaceChildren(...lines);
    this.forget();
    this.address = URL.createObjectURL(content);
    this.image.src = this.save.href = this.address;
    this.save.download = decodeURIComponent(/''(.+)$/.exec(headers.get("content-disposition"))[1]);
    this.image.alt = facts.still_at;
    this.image.hidden = this.facts.hidden = this.save.hidden = false;
  }

  forget() {
    if (this.address) URL.revokeObjectURL(this.address);
    this.address = null;
  }

  close() {
    this.asked = null;
    const host = this.root.closest("[tabindex]");
    this.root.remove();
    this.forget();
    host?.focus({ preventScroll: true });
  }
}
