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

export function createTransport(replay, actions, signal) {
  const button = (name, path, keys, action) => {
    const title = `${name} (${keys})`;
    const element = el("button", { type: "button", "aria-label": name, title });
    element.append(icon(path));
    element.addEventListener("click", action, { signal });
    return element;
  };
  const play = button("Play", ICONS.play, "Space", actions.toggle);
  play.classList.add("pc-play");
  const speed = el("select", { "aria-label": "Speed", title: "Speed" });
  for (const value of SPEEDS) speed.append(el("option", { value }, `×${value}`));
  speed.value = "1";
  speed.addEventListener("change", () => actions.setSpeed(Number(speed.value)), { signal });
  const seek = el("input", {
    type: "range",
    "aria-label": "Seek",
    min: 0,
    max: replay.duration_s || 1,
    step: "any",
    value: 0,
  });
  seek.disabled = replay.n_frames < 2;
  play.disabled = replay.n_frames < 2;
  seek.addEventListener("input", () => actions.seek(Number(seek.value)), { signal });
  seek.addEventListener("pointerdown", actions.hold, { signal });
  for (const type of ["pointerup", "pointercancel", "change"])
    seek.addEventListener(type, actions.release, { signal });

  const time = el("span", { class: "pc-time" });
  const total = formatTime(replay.duration_s);
  const frameText = el("span", { class: "pc-frame" });
  const element = el(
    "div",
    { class: "pc-transport" },
    seek,
    el(
      "div",
      { class: "pc-buttons" },
      button("Jump to start", ICONS.start, "Home", () => actions.seek(0)),
      button("Step back", ICONS.back, "comma", () => actions.step(-1)),
      play,
      button("Step forward", ICONS.forward, "full stop", () => actions.step(1)),
      button("Jump to end", ICONS.end, "End", () => actions.seek(replay.duration_s)),
    ),
    el("div", { class: "pc-readout" }, time, el("span", { class: "pc-total" }, ` / ${total}`)),
    frameText,
    speed,
  );
  let isPlaying = false;

  return {
    element,
    read(frame, clock) {
      setText(time, formatTime(clock.time_s));
      setText(frameText, `frame ${frame + 1} / ${replay.n_frames}`);
      seek.value = clock.time_s;
      const part = replay.duration_s ? clock.time_s / replay.duration_s : 0;
      seek.style.setProperty("--pc-done", `${(100 * part).toFixed(2)}%`);
    },
    showPlaying(playing) {
      if (playing === isPlaying) return;
      isPlaying = playing;
      play.setAttribute("aria-label", isPlaying ? "Pause" : "Play");
      play.title = `${isPlaying ? "Pause" : "Play"} (Space)`;
      play.replaceChildren(icon(isPlaying ? ICONS.pause : ICONS.play));
    },
    /** For screen readers, at rest only: a value that changes each frame is noise. */
    announce(clock) {
      seek.setAttribute("aria-valuetext", `${formatTime(clock.time_s)} of ${total}`);
    },
  };
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
