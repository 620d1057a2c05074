/* The rows of small buttons above the skeleton and above the charts. */

import { SIDE_LETTERS, el } from "./page.js";
import { VIEWS } from "./skeleton.js";

/** Where to look from. */
export function createViewBar(skeleton, wake, signal) {
  const bar = el("div", { class: "pc-bar", role: "group", "aria-label": "View" });
  for (const [text, place, view] of VIEWS) {
    const turn = () => {
      skeleton.turn({ ...view, zoom: 1 });
      wake();
    };
    bar.append(smallButton(text, { title: `Look ${place}` }, turn, signal));
  }
  return bar;
}

/** Which line is which side, and how much time is shown. */
export function createChartBar(charts, clock, wake, signal) {
  const keys = ["left", "right"].map((side) =>
    el("span", { class: `pc-key pc-${side}` }, `${SIDE_LETTERS[side]} ${side}`),
  );
  const zooms = el("span", { class: "pc-zooms", role: "group", "aria-label": "Time shown" });
  const centre = () => (charts.isShown(clock.time_s) ? clock.time_s : charts.centre_s);
  for (const [text, name, show] of [
    ["−", "Show more time", () => charts.zoom(0.5, centre())],
    ["+", "Show less time", () => charts.zoom(2, centre())],
    ["All", "Show the whole session", () => charts.showWhole()],
  ]) {
    const change = () => {
      show();
      wake();
    };
    zooms.append(smallButton(text, { "aria-label": name, title: name }, change, signal));
  }
  return el("div", { class: "pc-bar" }, ...keys, zooms);
}

function smallButton(text, attributes, action, signal) {
  const button = el("button", { type: "button", ...attributes }, text);
  button.addEventListener("click", action, { signal });
  return button;
}
