// The signs on the buttons of the footage player, drawn in a square of 24.

const ICONS = {
  play: "M8 5v14l11-7z",
  pause: "M6 5h4v14H6zM14 5h4v14h-4z",
  back: "M11 6 4 12l7 6zM19 6l-7 6 7 6z",
  on: "M13 6l7 6-7 6zM5 6l7 6-7 6z",
  frame_back: "M6 5h2v14H6zM18 5v14L9 12z",
  frame_on: "M16 5h2v14h-2zM6 5v14l9-7z",
  mute: "M4 9v6h4l5 5V4L8 9zM16 8.5a5 5 0 0 1 0 7v-7z",
  muted: "M4 9v6h4l5 5V4L8 9zM15.4 9.4l1.2-1.2 2.4 2.4 2.4-2.4 1.2 1.2-2.4 2.4 2.4 2.4-1.2 1.2-2.4-2.4-2.4 2.4-1.2-1.2 2.4-2.4z",
  mark: "M6 3h12v18l-6-4-6 4z",
  full_screen: "M4 4h6v2H6v4H4zM14 4h6v6h-2V6h-4zM4 14h2v4h4v2H4zM18 14h2v6h-6v-2h4z",
};

function icon(name) {
  const [svg, path] = ["svg", "path"].map((tag) => document.createElementNS("http://www.w3.org/2000/svg", tag));
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("aria-hidden", "true");
  path.setAttribute("d", ICONS[name]);
  svg.append(path);
  return svg;
}
