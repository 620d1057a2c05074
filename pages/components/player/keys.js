/* The keyboard: what each key does, and the sheet that says so. */

import { button, el } from "./page.js";

const ARROW_STEP_S = 1;

/** Each with its name, the keys that do it and what it asks for. */
const KEYS = [
  ["Space", "Play or pause", [" "], (actions) => actions.toggle()],
  ["← →", "One second back or on", ["ArrowLeft", "ArrowRight"], moveBy],
  [", .", "One frame back or on", [",", "."], stepBy],
  ["↑ ↓", "Faster or slower", ["ArrowUp", "ArrowDown"], changeSpeed],
  ["Home End", "To the start or the end", ["Home", "End"], jump],
  ["A", "Loop starts here", ["a", "A"], (actions) => actions.startLoop()],
  ["B", "Loop ends here", ["b", "B"], (actions) => actions.endLoop()],
  ["L", "Loop on or off", ["l", "L"], (actions) => actions.toggleLoop()],
  ["N", "Write a note here", ["n", "N"], (actions) => actions.writeNote()],
  ["F", "Full screen on or off", ["f", "F"], (actions) => actions.toggleFullScreen()],
  ["?", "This sheet", ["?"], (actions) => actions.help()],
];
const POINTER = [
  ["Drag the skeleton", "Turn it; wheel or pinch comes nearer, a double click turns it home"],
  ["Click or drag a chart", "Go to that moment"],
  ["Shift and drag a chart", "Loop that part; for fingers, A–B above the charts does it"],
  ["Ctrl and wheel on a chart", "Show more or less time; a double click shows all"],
];

function moveBy(actions, key) {
  actions.move(key === "ArrowLeft" ? -ARROW_STEP_S : ARROW_STEP_S);
}

function stepBy(actions, key) {
  actions.step(key === "," ? -1 : 1);
}

function changeSpeed(actions, key) {
  actions.changeSpeed(key === "ArrowUp" ? 1 : -1);
}

function jump(actions, key) {
  actions.seek(key === "Home" ? 0 : Infinity);
}

/** The sheet of keys and gestures; shown and closed by `showModal` and Escape. */
export function createHelp(signal) {
  const row = ([keys, meaning]) =>
    el("tr", {}, el("th", { scope: "row" }, keys), el("td", {}, meaning));
  const table = el("table", {}, ...KEYS.map(row), ...POINTER.map(row));
  const dialog = el("dialog", { class: "pc-help", "aria-label": "Keys and gestures", autofocus: "" });
  const close = button("Close", {}, () => dialog.close(), signal);
  dialog.addEventListener("keydown", (event) => {
    if (event.key !== "?") return;
    event.stopPropagation();
    dialog.close();
  });
  dialog.append(el("h4", {}, "Keys and gestures"), table, close);
  return dialog;
}

/** Listen wherever on the page nothing else wants the key. */
export function listenToKeys(root, actions, signal) {
  const onKey = (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || isTaken(root, event)) return;
    const [, , , act] = KEYS.find(([, , keys]) => keys.includes(event.key)) ?? [];
    if (!act) return;
    event.preventDefault();
    event.stopPropagation(); // Streamlit has keys of its own
    act(actions, event.key);
  };
  document.addEventListener("keydown", onKey, { signal, capture: true });
}

const TAKEN =
  "input, textarea, select, button, a, [contenteditable], [role=dialog], [role=combobox], " +
  "[role=listbox], [role=menu], [role=slider], [role=tab]";
const TYPED_IN = "textarea, select, input:not([type=range], [type=checkbox]), dialog[open] *, dialog[open]";

/** Whether the focused element has its own use for the key. */
function isTaken(root, event) {
  const focused = event.target;
  if (!(focused instanceof Element) || focused === document.body || focused === root) return false;
  if (!root.contains(focused)) return focused.closest(TAKEN) !== null;
  if (focused.matches(TYPED_IN)) return true;
  if (focused.matches(".pc-handle") && event.key.startsWith("Arrow")) return true;
  return focused.matches("button, summary, input[type=checkbox]") && event.key === " ";
}
