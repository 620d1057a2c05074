/* The transport: buttons, slider, speed, readings, and the keyboard. */

import { el, formatTime, icon, setText } from "./page.js";

const SPEEDS = [0.25, 0.5, 0.75, 1, 1.5, 2];
const ARROW_STEP_S = 1;

const ICONS = {
  play: "M6 3.5v13l11-6.5z",
  pause: "M5 3.5h3.6v13H5zM11.4 3.5H15v13h-3.6z",
  start: "M4 4h2v12H4zM16 4v12l-9-6z",
  end: "M14 4h2v12h-2zM4 4v12l9-6z",
  back: "M13.5 4v12L6 10z",
  forward: "M6.5 4v12L14 10z",
};

export class Transport {
  #replay;
  #signal;
  #time = el("span", { class: "pc-time" });
  #frame = el("span", { class: "pc-frame" });
  #total;
  #seek;
  #play;
  #isPlaying = false;

  constructor(replay, actions, signal) {
    this.#replay = replay;
    this.#signal = signal;
    this.#total = formatTime(replay.duration_s);
    this.#seek = this.#createSeek(actions);
    this.#play = this.#createButton("Play", ICONS.play, "Space", actions.toggle);
    this.#play.classList.add("pc-play");
    this.#play.disabled = this.#seek.disabled = replay.n_frames < 2;
    const total = el("span", { class: "pc-total" }, ` / ${this.#total}`);
    this.element = el(
      "div",
      { class: "pc-transport" },
      this.#seek,
      this.#createButtons(actions),
      el("div", { class: "pc-readout" }, this.#time, total),
      this.#frame,
      this.#createSpeed(actions),
    );
  }

  #createButtons(actions) {
    return el(
      "div",
      { class: "pc-buttons" },
      this.#createButton("Jump to start", ICONS.start, "Home", () => actions.seek(0)),
      this.#createButton("Step back", ICONS.back, "comma", () => actions.step(-1)),
      this.#play,
      this.#createButton("Step forward", ICONS.forward, "full stop", () => actions.step(1)),
      this.#createButton("Jump to end", ICONS.end, "End", () => actions.seek(Infinity)),
    );
  }

  #createButton(name, path, keys, action) {
    const title = `${name} (${keys})`;
    const button = el("button", { type: "button", "aria-label": name, title }, icon(path));
    button.addEventListener("click", action, { signal: this.#signal });
    return button;
  }

  #createSeek(actions) {
    const range = { min: 0, max: this.#replay.duration_s || 1, step: "any", value: 0 };
    const seek = el("input", { type: "range", "aria-label": "Seek", ...range });
    const listen = (type, handler) =>
      seek.addEventListener(type, handler, { signal: this.#signal });
    listen("input", () => actions.seek(Number(seek.value)));
    listen("pointerdown", actions.hold);
    for (const type of ["pointerup", "pointercancel", "change"]) listen(type, actions.release);
    return seek;
  }

  #createSpeed(actions) {
    const options = SPEEDS.map((value) => el("option", { value }, `×${value}`));
    const speed = el("select", { "aria-label": "Speed", title: "Speed" }, ...options);
    speed.value = "1";
    const choose = () => actions.setSpeed(Number(speed.value));
    speed.addEventListener("change", choose, { signal: this.#signal });
    return speed;
  }

  /** Show where the clock is. */
  read(frame, time_s) {
    const { n_frames, duration_s } = this.#replay;
    setText(this.#time, formatTime(time_s));
    setText(this.#frame, `frame ${frame + 1} / ${n_frames}`);
    this.#seek.value = time_s;
    const done = duration_s ? (100 * time_s) / duration_s : 0;
    this.#seek.style.setProperty("--pc-done", `${done.toFixed(2)}%`);
  }

  showPlaying(isPlaying) {
    if (isPlaying === this.#isPlaying) return;
    this.#isPlaying = isPlaying;
    const name = isPlaying ? "Pause" : "Play";
    this.#play.setAttribute("aria-label", name);
    this.#play.title = `${name} (Space)`;
    this.#play.replaceChildren(icon(isPlaying ? ICONS.pause : ICONS.play));
  }

  /** For screen readers, at rest only: a value that changes each frame is noise. */
  announce(time_s) {
    this.#seek.setAttribute("aria-valuetext", `${formatTime(time_s)} of ${this.#total}`);
  }
}

/** Space, arrows, comma, full stop, Home and End, wherever on the page nothing else wants them. */
export function listenToKeys(root, actions, signal) {
  const keys = {
    " ": actions.toggle,
    ",": () => actions.step(-1),
    ".": () => actions.step(1),
    ArrowLeft: () => actions.move(-ARROW_STEP_S),
    ArrowRight: () => actions.move(ARROW_STEP_S),
    Home: () => actions.seek(0),
    End: () => actions.seek(Infinity),
  };
  const onKey = (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || !keys[event.key]) return;
    if (isTaken(root, event)) return;
    event.preventDefault();
    keys[event.key]();
  };
  document.addEventListener("keydown", onKey, { signal });
}

const TAKEN =
  "input, textarea, select, button, a, [contenteditable], [role=dialog], [role=combobox], " +
  "[role=listbox], [role=menu], [role=slider], [role=tab]";

/** Whether the focused element has its own use for the key. */
function isTaken(root, event) {
  const focused = event.target;
  if (!(focused instanceof Element) || focused === document.body || focused === root) return false;
  if (root.contains(focused)) {
    if (focused.matches("select")) return true;
    return focused.matches("button") && event.key === " ";
  }
  return focused.closest(TAKEN) !== null;
}
