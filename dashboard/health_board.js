// Draws the health page. All words and numbers come ready from Python (dashboard/health_view.py).

const open = new Set(); // the cameras whose details are unfolded

function made(tag, className, ...content) {
  const element = document.createElement(tag);
  if (className) element.className = className;
  element.append(...content);
  return element;
}

// A "?" that shows the definition below the nearest `.explained`.
function question(meaning) {
  const button = made("button", "define", "?");
  button.type = "button";
  button.setAttribute("aria-label", meaning);
  button.dataset.meaning = meaning;
  return button;
}

function card(figure) {
  const label = made("div", "label", made("span", "", figure.label), question(figure.definition));
  const value = made("div", `value ${figure.tone}`, figure.value);
  const whole = made("div", "card explained", label, value, made("div", "unit", figure.unit));
  whole.setAttribute("role", "group");
  whole.setAttribute("aria-label", figure.label);
  return whole;
}

function strip(pieces, label) {
  const lane = made("div", "strip");
  lane.setAttribute("role", "img");
  lane.setAttribute("aria-label", label);
  for (const piece of pieces) {
    const part = made("span", piece.kind);
    part.style.left = `${piece.left}%`;
    part.style.width = `${piece.width}%`;
    part.title = piece.text;
    lane.append(part);
  }
  return lane;
}

function cell(column, row, data) {
  const place = made("td", column.name);
  place.dataset.label = column.label;
  if (column.name === "strip") {
    place.append(strip(row.strip, data.strip.label));
    return place;
  }
  const { text, below, tone, below_tone } = row.cells[column.name];
  if (column.name === "camera") {
    const button = made("button", "unfold", text);
    button.type = "button";
    button.title = data.words.show_details;
    button.dataset.camera = row.id;
    button.setAttribute("aria-expanded", open.has(row.id));
    place.append(button);
  } else {
    place.append(made("span", `text ${tone}`, text));
  }
  if (below) place.append(made("span", `below ${below_tone}`, below));
  return place;
}

function details(row, data) {
  const list = made("dl", "");
  for (const [name, value] of row.details) list.append(made("div", "", made("dt", "", name), made("dd", "", value)));
  const advice = row.advice.length
    ? made("ul", "", ...row.advice.map((text) => made("li", "", text)))
    : made("p", "", data.words["detail.nothing_to_mend"]);
  const place = made("td", "", list, made("h4", "", data.words["detail.advice"]), advice);
  place.colSpan = data.columns.length;
  return made("tr", "details", place);
}

function table(data) {
  const head = made("tr", "", ...data.columns.map((column) => {
    const place = made("th", column.name, made("span", "", column.label), question(column.definition));
    place.scope = "col";
    return place;
  }));
  const body = made("tbody", "");
  for (const row of data.rows) {
    const line = made("tr", "camera-row", ...data.columns.map((column) => cell(column, row, data)));
    line.dataset.camera = row.id;
    body.append(line);
    if (open.has(row.id)) body.append(details(row, data));
  }
  return made("div", "explained cameras", made("table", "", made("thead", "", head), body), legend(data.strip));
}

function legend(words) {
  const entries = Object.entries(words.legend).map(([kind, word]) =>
    made("span", "entry", made("i", kind), word));
  return made("div", "legend", made("span", "", words.label), ...entries);
}

function alert(entry) {
  const line = made("li", "alert",
    made("span", `text ${entry.tone}`, entry.state),
    made("b", "", entry.kind),
    made("span", "words", entry.text),
    made("span", "when", entry.when));
  if (entry.told) line.append(made("span", "when", entry.told));
  return line;
}

function alerts(data) {
  const place = made("section", "alerts", made("h3", "", `${data.words.alerts} · ${data.lasting}`));
  if (data.told_note) place.append(made("p", "note", data.told_note));
  place.append(made("ul", "", ...data.alerts.map(alert)));
  return place;
}

function explain(board) {
  const hide = () => board.querySelector(".meaning")?.remove();
  const show = ({ target }) => {
    hide();
    if (!target.dataset?.meaning) return;
    const note = made("div", "meaning", target.dataset.meaning);
    note.setAttribute("role", "tooltip");
    const around = target.closest(".explained");
    around.append(note);
    const left = target.getBoundingClientRect().left - around.getBoundingClientRect().left;
    note.style.left = `${Math.max(0, Math.min(left, around.clientWidth - note.offsetWidth))}px`;
    note.style.top = `${target.getBoundingClientRect().bottom - around.getBoundingClientRect().top + 4}px`;
  };
  board.addEventListener("pointerover", show);
  board.addEventListener("focusin", show);
  board.addEventListener("focusout", hide);
  board.addEventListener("pointerleave", hide);
}

function draw(parentElement, data) {
  const before = parentElement.querySelector(".board");
  const kept = parentElement.getRootNode().activeElement?.dataset.camera;
  const board = made("div", "board", made("div", "figures", ...data.figures.map(card)));
  if (data.rows.length) board.append(table(data));
  board.append(alerts(data));
  explain(board);
  board.addEventListener("click", ({ target }) => {
    const row = target.closest(".camera-row");
    if (!row) return;
    const id = Number(row.dataset.camera);
    if (!open.delete(id)) open.add(id);
    draw(parentElement, data);
    parentElement.querySelector(`.unfold[data-camera="${id}"]`).focus();
  });
  // A definition that is being read stays until it is left.
  if (before?.querySelector(".meaning")) return;
  before?.remove();
  parentElement.append(board);
  if (kept) board.querySelector(`.unfold[data-camera="${kept}"]`)?.focus();
}

export default function ({ data, parentElement }) {
  draw(parentElement, data);
}
