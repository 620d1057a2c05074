/* The transport: slider with its marks, buttons, speed and readings. */

import { SPEEDS } from "./clock.js";
import { button, clamp, el, formatTime, icon, setText } from "./page.js";

const HANDLE_STEP_S = 0.1;

const ICONS = {
  play: "M6 3.5v13l11-6.5z",
  pause: "M5 3.5h3.6v13H5zM11.4 3.5H15v13h-3.6z",
  start: "M4 4h2v12H4zM16 4v12l-9-6z",
  end: "M14 4h2v12h-2zM4 4v12l9-6z",
  back: "M13.5 4v12L6 10z",
  forward: "M6.5 4v12L14 10z",
  loop: "M6 5h8a4 4 0 0 1 0 8h-1v-1.6h1a2.4 2.4 0 0 0 0-4.8H6v2L2.6 5.8 6 3zM14 15H6a4 4 0 0 1-1-7.9v1.7A2.4 2.4 0 0 0 6 13.4h8v-2l3.4 2.8L14 17z",
  full: "M3 3h5v1.6H4.6V8H3zM12 3h5v5h-1.6V4.6H12zM3 12h1.6v3.4H8V17H3zM15.4 12H17v5h-5v-1.6h3.4z",
};

export class Transport {
  #replay;
  #signal;
  #time = el("span", { class: "pc-time" });
  #frame = el("span", { class: "pc-frame" });
  #total;
  #track = el("div", { class: "pc-marks" });
  #noteMarks = el("div", {});
  #band = el("div", { class: "pc-band" });
  #handles;
  #seek;
  #play;
  #loop;
  #speed;
  #isPlaying = false;

  constructor(replay, actions, signal) {
    this.#replay = replay;
    this.#signal = signal;
    this.#total = formatTime(replay.duration_s);
    this.#seek = this.#createSeek(actions);
    this.#play = this.#createButton("Play", ICONS.play, "Space", actions.toggle);
    this.#play.classList.add("pc-play");
    this.#play.disabled = this.#seek.disabled = replay.n_frames < 2;
    this.#speed = this.#createSpeed(actions);
    this.#handles = ["start", "end"].map((name, end) => this.#createHandle(name, end, actions));
    this.#track.append(this.#band, this.#noteMarks, ...this.#handles);
    const total = el("span", { class: "pc-total" }, ` / ${this.#total}`);
    this.element = el(
      "div",
      { class: "pc-transport" },
      el("div", { class: "pc-seek" }, this.#seek, this.#track),
      this.#createButtons(actions),
      el("div", { class: "pc-readout" }, this.#time, total),
      this.#frame,
      this.#createLoopButtons(actions),
      this.#speed,
      this.#createButton("Full screen", ICONS.full, "F", actions.toggleFullScreen),
      this.#createHelp(actions),
    );
    this.showLoop(null);
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
    return button(icon(path), { "aria-label": name, title, class: "pc-icon" }, action, this.#signal);
  }

  #createLoopButtons(actions) {
    const letter = (text, name, action) =>
      button(text, { "aria-label": name, title: `${name} (${text})` }, action, this.#signal);
    this.#loop = this.#createButton("Loop", ICONS.loop, "L", actions.toggleLoop);
    return el(
      "div",
      { class: "pc-looping", role: "group", "aria-label": "Loop a part" },
      letter("A", "Loop starts here", actions.startLoop),
      letter("B", "Loop ends here", actions.endLoop),
      this.#loop,
    );
  }

  #createHelp(actions) {
    const attributes = { "aria-label": "Keys", title: "Keys (?)", class: "pc-icon" };
    return button("?", attributes, actions.help, this.#signal);
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

  /** One end of the loop on the slider: dragged by mouse or finger, moved by arrow keys. */
  #createHandle(name, end, actions) {
    const attributes = { role: "slider", "aria-label": `Loop ${name}`, "aria-valuemin": 0 };
    const handle = button(end ? "B" : "A", { class: "pc-handle", ...attributes }, () => {});
    let grabbed = 0; // how far from its own place the handle was taken
    const timeAt = (x) => {
      const { left, width } = this.#track.getBoundingClientRect();
      return clamp((x - left) / width, 0, 1) * this.#replay.duration_s;
    };
    const listen = (type, handler) =>
      handle.addEventListener(type, handler, { signal: this.#signal });
    listen("pointerdown", (event) => {
      event.stopPropagation();
      handle.setPointerCapture(event.pointerId);
      grabbed = timeAt(event.clientX) - this.#shownLoop[end];
    });
    listen("pointermove", (event) => {
      if (!handle.hasPointerCapture(event.pointerId)) return;
      this.#drag(end, timeAt(event.clientX) - grabbed, actions);
    });
    listen("keydown", (event) => {
      const step = { ArrowLeft: -HANDLE_STEP_S, ArrowRight: HANDLE_STEP_S }[event.key];
      if (!step) return;
      event.preventDefault();
      event.stopPropagation();
      this.#drag(end, this.#shownLoop[end] + step, actions);
    });
    return handle;
  }

  #shownLoop = null;

  /** The end that is dragged stops a little before the other one. */
  #drag(end, time_s, actions) {
    if (!this.#shownLoop) return; // switched off while it was dragged
    const [from, to] = this.#shownLoop;
    const least = 2 * (this.#replay.step_s || HANDLE_STEP_S);
    if (end) actions.setLoop(from, Math.max(time_s, from + least));
    else actions.setLoop(Math.min(time_s, to - least), to);
  }

  #createSpeed(actions) {
    const options = SPEEDS.map((value) => el("option", { value }, `×${value}`));
    const speed = el("select", { "aria-label": "Speed", title: "Speed" }, ...options);
    speed.value = "1";
    const choose = () => actions.setSpeed(Number(speed.value));
    speed.addEventListener("change", choose, { signal: this.#signal });
    return speed;
  }

  #share(time_s) {
    const { duration_s } = this.#replay;
    return duration_s ? clamp((100 * time_s) / duration_s, 0, 100) : 0;
  }

  /** Show where the clock is. */
  read(frame, time_s) {
    setText(this.#time, formatTime(time_s));
    setText(this.#frame, `frame ${frame + 1} / ${this.#replay.n_frames}`);
    this.#seek.value = time_s;
    this.#seek.style.setProperty("--pc-done", `${this.#share(time_s).toFixed(2)}%`);
  }

  showPlaying(isPlaying) {
    if (isPlaying === this.#isPlaying) return;
    this.#isPlaying = isPlaying;
    const name = isPlaying ? "Pause" : "Play";
    this.#play.setAttribute("aria-label", name);
    this.#play.title = `${name} (Space)`;
    this.#play.replaceChildren(icon(isPlaying ? ICONS.pause : ICONS.play));
  }

  showSpeed(speed) {
    this.#speed.value = String(speed);
  }

  showLoop(loop) {
    this.#shownLoop = loop;
    this.#loop.setAttribute("aria-pressed", String(loop !== null));
    this.#band.hidden = loop === null;
    this.#handles.forEach((handle, end) => {
      handle.hidden = loop === null;
      if (!loop) return;
      handle.style.left = `${this.#share(loop[end])}%`;
      handle.setAttribute("aria-valuenow", loop[end].toFixed(2));
      handle.setAttribute("aria-valuemax", this.#replay.duration_s.toFixed(2));
      handle.setAttribute("aria-valuetext", formatTime(loop[end]));
      handle.title = `Loop ${end ? "ends" : "starts"} at ${formatTime(loop[end])}`;
    });
    if (!loop) return;
    this.#band.style.left = `${this.#share(loop[0])}%`;
    this.#band.style.width = `${this.#share(loop[1]) - this.#share(loop[0])}%`;
  }

  /** Show where notes stand; a mark that is pressed goes there. */
  showNotes(notes, seek) {
    const marks = notes.map(({ start_s, end_s, text, tag }) => {
      const title = `${formatTime(start_s)} ${tag ? `${tag}: ` : ""}${text}`;
      const attributes = { class: "pc-note-mark", title, "aria-label": `Note at ${title}` };
      const mark = button("", { ...attributes, tabindex: -1 }, () => seek(start_s), this.#signal);
      mark.style.left = `${this.#share(start_s)}%`;
      mark.style.width = `${this.#share(end_s ?? start_s) - this.#share(start_s)}%`;
      return mark;
    });
    this.#noteMarks.replaceChildren(...marks);
  }

  /** For screen readers, at rest only: a value that changes each frame is noise. */
  announce(time_s) {
    this.#seek.setAttribute("aria-valuetext", `${formatTime(time_s)} of ${this.#total}`);
  }
}
