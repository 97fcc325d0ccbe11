// Draws the headline figures. All words and numbers come ready from Python (dashboard/headline.py).

const SVG = "http://www.w3.org/2000/svg";

function element(tag, className, text) {
  const made = document.createElement(tag);
  if (className) made.className = className;
  if (text) made.textContent = text;
  return made;
}

function shape(tag, attributes) {
  const made = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  return made;
}

function bars(svg, months, inside) {
  const highest = Math.max(...months, 1e-9);
  const step = 100 / months.length;
  months.forEach((value, index) => {
    const height = Math.max((Math.max(value, 0) / highest) * 28, value ? 1.5 : 0.5);
    const bar = shape("rect", { x: index * step + step * 0.14, y: 28 - height, width: step * 0.72, height });
    if (index >= months.length - inside) bar.setAttribute("class", "inside");
    svg.append(bar);
  });
}

function line(svg, months) {
  const low = Math.min(...months);
  const spread = Math.max(...months) - low || 1;
  const points = months.map((value, index) => {
    const x = (index / Math.max(months.length - 1, 1)) * 100;
    return `${x},${26 - ((value - low) / spread) * 24}`;
  });
  svg.append(shape("polyline", { points: points.join(" ") }));
}

function monthsOf(figure, inside) {
  const svg = shape("svg", { viewBox: "0 0 100 28", preserveAspectRatio: "none", class: "months", "aria-hidden": "true" });
  if (figure.drawn_as === "line") line(svg, figure.months);
  else bars(svg, figure.months, inside);
  return svg;
}

function card(figure, data, row, note) {
  const made = element("div", "card");
  made.setAttribute("role", "group");
  made.setAttribute("aria-label", figure.label);

  const label = element("div", "label");
  const words = element("span", "words");
  words.append(element("span", "name", figure.label), element("span", "unit", ` · ${figure.unit}`));
  label.append(words);
  const define = element("button", "define", "?");
  define.setAttribute("aria-label", figure.definition);
  const show = () => {
    note.textContent = figure.definition;
    note.hidden = false;
    const left = Math.min(made.offsetLeft, row.clientWidth - note.offsetWidth);
    note.style.left = `${Math.max(left, 0)}px`;
    note.style.top = `${made.offsetTop + 38}px`;
  };
  const hide = () => { note.hidden = true; };
  define.onmouseenter = show;
  define.onfocus = show;
  define.onclick = show;
  define.onmouseleave = hide;
  define.onblur = hide;
  label.append(define);

  const value = element("div", "value");
  const number = element("span", "", figure.value);
  number.style.setProperty("--characters", Math.max(figure.value.length, 1));
  value.append(number);

  const change = element("div", "change", figure.change && `${data.against} `);
  if (figure.change) change.append(element("b", "", figure.change));
  made.append(label, value, change, element("div", "base", figure.base));
  if (figure.months.length > 1) made.append(monthsOf(figure, data.inside));
  return made;
}

export default function ({ data, parentElement }) {
  parentElement.querySelector(".row")?.remove();
  const row = element("div", "row");
  const note = element("div", "definition");
  note.hidden = true;
  note.setAttribute("role", "tooltip");
  row.append(...data.figures.map((figure) => card(figure, data, row, note)), note);
  parentElement.append(row);
}
