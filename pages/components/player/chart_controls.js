/* What moves the charts: the row of buttons above them, and the pointer over them. */

import { button, createChoices, createMenu, el } from "./page.js";

/** Which line is which side, what is charted, and how much time is shown. */
export function createChartBar(charts, clock, { choose, wake }, signal) {
  const keys = charts.keys.map(({ letter, label, side }) =>
    el("span", { class: `pc-key pc-${side}` }, `${letter} ${label}`.trim()),
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
    zooms.append(button(text, { "aria-label": name, title: name }, change, signal));
  }
  const choices = createChoices("Charts", charts.groups, charts.ids, choose, signal, 1);
  const menu = createMenu("Charts", { title: "Choose what is charted" }, choices, signal);
  return el("div", { class: "pc-bar" }, ...keys, menu, createBrushButton(charts, signal), zooms);
}

/** For fingers, which have no Shift: while it is pressed, a drag over a chart marks the loop. */
function createBrushButton(charts, signal) {
  const title = "Drag over a chart to loop that part (or hold Shift)";
  const attributes = { "aria-label": "Brush a loop", "aria-pressed": "false", title };
  const toggle = button("A–B", attributes, () => {
    charts.isBrushing = !charts.isBrushing;
    toggle.setAttribute("aria-pressed", String(charts.isBrushing));
  }, signal);
  return toggle;
}

/** Click or drag seeks; with Shift it marks a part to loop; Ctrl and wheel, or pinch, zoom. */
export function listenToCharts(host, charts, actions, signal) {
  let marking = null;
  let isSeeking = false;
  const listen = (type, handler, options) =>
    host.addEventListener(type, handler, { signal, ...options });
  const finish = (event) => {
    if (isSeeking) actions.release();
    if (marking !== null && event.type === "pointerup")
      actions.setLoop(marking, charts.timeAt(event.clientX));
    charts.mark();
    marking = null;
    isSeeking = false;
    actions.wake();
  };
  listen("pointerdown", (event) => {
    if (event.button !== 0) return;
    host.setPointerCapture(event.pointerId);
    charts.point(null);
    if (event.shiftKey || charts.isBrushing) {
      marking = charts.timeAt(event.clientX);
      return;
    }
    isSeeking = true;
    actions.hold();
    actions.seek(charts.timeAt(event.clientX));
  });
  listen("pointermove", (event) => {
    if (isSeeking) actions.seek(charts.timeAt(event.clientX));
    else if (marking !== null) charts.mark(marking, charts.timeAt(event.clientX));
    else if (event.pointerType === "mouse") charts.point(charts.timeAt(event.clientX));
  });
  listen("pointerleave", () => charts.point(null));
  listen("pointerup", finish);
  listen("pointercancel", finish);
  listen("dblclick", () => {
    charts.showWhole();
    actions.wake();
  });
  listen(
    "wheel",
    (event) => {
      if (!event.ctrlKey && !event.metaKey) return;
      event.preventDefault();
      charts.zoom(Math.exp(-0.004 * event.deltaY), charts.timeAt(event.clientX));
      actions.wake();
    },
    { passive: false },
  );
}
