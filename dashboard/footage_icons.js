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
  mark_before: "M10 4h10v16l-5-3.5-5 3.5zM8 7v10l-6-5z",
  mark_after: "M4 4h10v16l-5-3.5L4 20zM16 7l6 5-6 5z",
  still: "M9 4h6l2 3h4v13H3V7h4zM12 9.5a4 4 0 1 0 0 8 4 4 0 0 0 0-8z",
  layout_one: "M3 5h18v14H3z",
  layout_main: "M3 5h12v14H3zM16.5 5H21v4h-4.5zM16.5 10H21v4h-4.5zM16.5 15H21v4h-4.5z",
  layout_equal: "M3 5h8v6.5H3zM13 5h8v6.5h-8zM3 12.5h8V19H3zM13 12.5h8V19h-8z",
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
