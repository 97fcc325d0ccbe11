// The controls below the pictures: buttons, the clock, speed, layout, and a bar of the range to drag along.

const JUMP = 10; // seconds
const SPEEDS = [0.5, 1, 2, 4, 8, 16];
const LAYOUTS = ["one", "main", "equal"];

class Bar {
  constructor(words, group, { mark, still, fullScreen, toMark, changed }) {
    Object.assign(this, { words, group, changed });
    this.root = make("div", "under");
    this.playButton = this.control("play", () => group.toggle());
    this.muteButton = this.control("mute", () => group.hear(group.heard ? null : group.main));
    this.markButtons = [this.control("mark_before", () => toMark(-1)), this.control("mark_after", () => toMark(1))];
    const row = make("div", "bar");
    row.append(
      this.playButton,
      this.control("back", () => this.jump(-JUMP)),
      this.control("on", () => this.jump(JUMP)),
      this.control("frame_back", () => group.step(-1)),
      this.control("frame_on", () => group.step(1)),
      ...this.markButtons,
      this.clock(),
      this.speeds(),
      this.layouts(),
      this.muteButton,
      this.control("still", still),
      ...(mark ? [this.control("mark", mark)] : []),
      this.control("full_screen", fullScreen),
    );
    this.root.append(this.progressBar(), row);
  }

  control(name, action) {
    const button = make("button", "control");
    this.face(button, name, this.words[name]);
    button.onclick = action;
    return button;
  }

  face(button, name, word) {
    if (button.dataset.face === name) return;
    button.dataset.face = name;
    button.title = word;
    button.setAttribute("aria-label", word);
    button.replaceChildren(icon(name));
  }

  clock() {
    const clock = make("div", "clock");
    this.day = make("span", "clock-day");
    this.time = make("span", "clock-time");
    clock.append(this.day, this.time);
    return clock;
  }

  speeds() {
    this.speed = make("select", "speed");
    this.speed.title = this.words.speed;
    this.speed.setAttribute("aria-label", this.words.speed);
    this.speed.append(...SPEEDS.map((each) => new Option(`${each}×`, each, each === 1, each === 1)));
    this.speed.onchange = () => {
      this.group.goAt(Number(this.speed.value));
      this.changed();
    };
    return this.speed;
  }

  layouts() {
    this.layout = make("div", "layouts");
    this.layout.setAttribute("role", "group");
    this.layout.setAttribute("aria-label", this.words.layout);
    const button = (layout) => this.control(`layout_${layout}`, () => {
      this.group.lay(layout);
      this.changed();
    });
    this.layout.append(...LAYOUTS.map(button));
    return this.layout;
  }

  // What a link asks for.
  set({ speed, layout }) {
    if (SPEEDS.includes(speed)) this.group.goAt(speed);
    if (LAYOUTS.includes(layout)) this.group.layout = layout;
    this.speed.value = this.group.clock.speed;
  }

  progressBar() {
    const bar = (this.progress = make("div", "progress"));
    bar.tabIndex = 0;
    bar.setAttribute("role", "slider");
    bar.setAttribute("aria-label", this.words.position);
    this.holes = make("div", "holes");
    this.played = make("div", "played");
    bar.append(this.holes, this.played);
    bar.onpointerdown = bar.onpointermove = (event) => {
      if (!this.group.pictures.length || !(event.buttons & 1)) return;
      bar.setPointerCapture(event.pointerId);
      const box = bar.getBoundingClientRect();
      const share = Math.min(Math.max((event.clientX - box.left) / box.width, 0), 1);
      const [start, end] = this.group.span;
      this.group.seek(start + share * (end - start));
    };
    return bar;
  }

  jump(seconds) {
    this.group.seek(this.group.clock.now + seconds * SECOND);
  }

  // Where nothing was recorded of the large camera.
  showHoles() {
    const { main, span } = this.group;
    const runs = (main?.lane.runs ?? []).filter(([start, end]) => start < span[1] && end > span[0]);
    const edges = [[span[0], span[0]], ...runs, [span[1], span[1]]];
    const between = edges.slice(1).map(([start], number) => [edges[number][1], start]);
    const percent = (part) => `${(part / (span[1] - span[0])) * 100}%`;
    this.holes.replaceChildren(
      ...between.filter(([start, end]) => end - start > JOINED).map(([start, end]) => {
        const hole = make("span");
        hole.style.left = percent(start - span[0]);
        hole.style.width = percent(end - start);
        return hole;
      }),
    );
  }

  // shown: the wall clock of the picture, null while nothing is open.
  tick(shown) {
    const { clock, heard, layout, pictures, playing, span } = this.group;
    const { words } = this;
    this.face(this.playButton, playing ? "pause" : "play", words[playing ? "pause" : "play"]);
    this.face(this.muteButton, heard ? "mute" : "muted", words.mute);
    for (const [place, button] of [...this.layout.children].entries()) {
      button.setAttribute("aria-pressed", LAYOUTS[place] === layout);
    }
    this.layout.hidden = pictures.length < 2;
    this.day.textContent = shown ? dayOf(shown) : "";
    this.time.textContent = shown ? timeOf(shown, !playing) : "--:--:--";
    this.progress.setAttribute("aria-valuetext", this.time.textContent);
    const share = pictures.length ? (clock.now - span[0]) / (span[1] - span[0]) : 0;
    this.played.style.width = `${Math.min(Math.max(share, 0), 1) * 100}%`;
  }
}
