// The range that is open, as times to type over, with its length and the file to take along.

class RangeRow {
  // wanted([from, to]): another range was typed; bounds: () => ({ window, longest }).
  constructor(words, bounds, wanted) {
    Object.assign(this, { words, bounds, wanted });
    this.root = make("div", "range-row");
    [this.from, this.to] = [words.from, words.to].map((word) => this.input(word));
    this.length = make("span", "length");
    this.download = make("a", "download", words.download);
    this.download.setAttribute("download", "");
    this.root.append(this.length, this.download);
  }

  input(word) {
    const label = make("label", "moment", word);
    const input = make("input");
    Object.assign(input, { inputMode: "numeric", maxLength: 8, placeholder: "09:30:00" });
    input.onchange = () => this.typed();
    input.onfocus = () => (this.typing = input);
    input.onblur = () => (this.typing = null);
    label.append(input);
    this.root.append(label);
    return input;
  }

  // file: of the large camera; null while there is none.
  show([from, to], file) {
    // What is being typed stays.
    if (this.from !== this.typing) this.from.value = timeOf(from);
    if (this.to !== this.typing) this.to.value = timeOf(to);
    const size = file ? ` · ${(file.size / 1e6).toFixed(file.size < 1e8 ? 1 : 0)} MB` : "";
    this.length.textContent = lengthOf(file ? file.end - file.start : to - from) + size;
    if (file) this.download.href = `${file.source}&download=1`;
    else this.download.removeAttribute("href");
  }

  typed() {
    const { window, longest } = this.bounds();
    const from = this.instantOf(this.from, window[0]);
    const to = this.instantOf(this.to, from + 1);
    const wrong = !(from < to) || to > window[1] || to - from > longest;
    if (wrong && this.to.validity.valid) this.to.setCustomValidity(this.words.wrong_range);
    const bad = [this.from, this.to].find((input) => !input.validity.valid);
    if (bad) return bad.reportValidity();
    [this.from.value, this.to.value] = [timeOf(from), timeOf(to)];
    this.wanted([from, to]);
  }

  // The first instant from `after` on at which the clock shows what was typed: 9:30, 09:30:15 or 093015.
  instantOf(input, after) {
    const found = /^(\d{1,2}):?(\d{2})(?::?(\d{2}))?$/.exec(input.value.trim().replaceAll("：", ":"));
    const [hour, minute, second] = found ? found.slice(1).map((part) => Number(part ?? 0)) : [99, 0, 0];
    const valid = hour <= 24 && minute < 60 && second < 60;
    input.setCustomValidity(valid ? "" : this.words.wrong_time);
    if (!valid) return NaN;
    const midnight = Math.floor((after + SHANGHAI) / DAY) * DAY - SHANGHAI;
    const instant = midnight + ((hour * 60 + minute) * 60 + second) * SECOND;
    return instant < after - SECOND ? instant + DAY : Math.max(instant, after);
  }
}
