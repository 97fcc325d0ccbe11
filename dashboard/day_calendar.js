// A month with its days: how many sessions, and how much was recorded. Only days with footage can be chosen.

function cell(tag, className, text) {
  const made = document.createElement(tag);
  made.className = className;
  made.textContent = text;
  return made;
}

function iso(year, month, day) {
  return new Date(Date.UTC(year, month, day)).toISOString().slice(0, 10);
}

// How much of the day was recorded, as a line.
function share({ share, whole }) {
  const line = cell("span", whole ? "share whole" : "share", "");
  const part = cell("i", "", "");
  part.style.width = `${share * 100}%`;
  line.append(part);
  return line;
}

function draw(root, data, month, choose) {
  const [year, number] = month.split("-").map(Number);
  const first = new Date(Date.UTC(year, number - 1, 1));
  const days = new Date(Date.UTC(year, number, 0)).getUTCDate();
  const turn = (by) => iso(year, number - 1 + by, 1).slice(0, 7);
  const head = cell("div", "head", "");
  for (const [sign, by, word] of [["‹", -1, data.words.earlier], ["›", 1, data.words.later]]) {
    const button = cell("button", "turn", sign);
    button.setAttribute("aria-label", word);
    button.title = word;
    button.disabled = by < 0 ? month <= data.first.slice(0, 7) : month >= data.last.slice(0, 7);
    button.onclick = () => draw(root, data, turn(by), choose);
    head.append(button);
  }
  head.insertBefore(cell("span", "month", month), head.lastChild);
  const grid = cell("div", "grid", "");
  for (const name of data.words.weekdays.split(" ")) grid.append(cell("span", "weekday", name));
  for (let n = 0; n < (first.getUTCDay() + 6) % 7; n++) grid.append(cell("span", "", ""));
  for (let number_ = 1; number_ <= days; number_++) {
    const day = iso(year, number - 1, number_);
    const told = data.days[day];
    const button = cell("button", "day", "");
    button.append(cell("span", "number", number_), cell("span", "sessions", told?.sessions ?? ""));
    button.dataset.day = day;
    button.disabled = !told;
    button.title = told?.text ?? `${day} ${data.words.no_footage}`;
    if (told) button.append(share(told));
    if (day === data.day) button.setAttribute("aria-pressed", "true");
    if (day === data.last) button.classList.add("today");
    button.onclick = () => choose(day);
    grid.append(button);
  }
  root.replaceChildren(head, grid, cell("div", "note", data.words.note));
}

export default function ({ data, parentElement, setStateValue }) {
  let root = parentElement.querySelector(".calendar");
  if (!root) {
    root = cell("div", "calendar", "");
    parentElement.append(root);
  }
  draw(root, data, (data.day ?? data.last).slice(0, 7), (day) => setStateValue("day", day));
}
