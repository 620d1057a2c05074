/* What all parts of the player share: colours of the sides, elements, time as text. */

export const SIDE_COLOURS = { left: "#0072B2", right: "#D55E00", middle: "#8A8F98" };
export const SIDE_LETTERS = { left: "L", right: "R" };

export const clamp = (value, low, high) => Math.min(Math.max(value, low), high);

/** An element with attributes and children; text is always text, never markup. */
export function el(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

/** An SVG of one path. */
export function drawing(path) {
  const namespace = "http://www.w3.org/2000/svg";
  const svg = document.createElementNS(namespace, "svg");
  svg.setAttribute("aria-hidden", "true");
  const shape = document.createElementNS(namespace, "path");
  shape.setAttribute("d", path);
  svg.append(shape);
  return svg;
}

/** A 20 x 20 icon from one path. */
export function icon(path) {
  const svg = drawing(path);
  svg.setAttribute("viewBox", "0 0 20 20");
  return svg;
}

/** A button that says what it does, to the eye, the mouse and the ear. */
export function button(content, attributes, action, signal) {
  const element = el("button", { type: "button", ...attributes }, content);
  element.addEventListener("click", action, { signal });
  return element;
}

/** A button that opens a box of further choices; it closes at a click elsewhere or Escape. */
export function createMenu(label, attributes, content, signal) {
  const summary = el("summary", { role: "button", ...attributes }, label);
  const menu = el("details", { class: "pc-menu" }, summary, content);
  const close = (event) => {
    if (event.key ? event.key === "Escape" : !menu.contains(event.target)) menu.open = false;
  };
  document.addEventListener("pointerdown", close, { signal });
  menu.addEventListener("keydown", close, { signal });
  menu.addEventListener("toggle", () => menu.open && content.scrollIntoView({ block: "nearest" }));
  return menu;
}

/** A list of choices, any number of which hold; `change` gets those that do, in the list's
 * order; fewer than `least` cannot be left. */
export function createChoices(name, groups, chosen, change, signal, least = 0) {
  const box = el("div", { class: "pc-choices", role: "group", "aria-label": name });
  for (const [title, options] of groups) {
    box.append(el("div", { class: "pc-choices-title" }, title));
    for (const { id, label } of options) {
      const input = el("input", { type: "checkbox", value: id });
      input.checked = chosen.includes(id);
      box.append(el("label", {}, input, label));
    }
  }
  const inputs = [...box.querySelectorAll("input")];
  const listChosen = () => inputs.filter((each) => each.checked).map((each) => each.value);
  const report = (event) => {
    if (listChosen().length < least) event.target.checked = true;
    change(listChosen());
  };
  box.addEventListener("change", report, { signal });
  return box;
}

export function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/** Seconds as m:ss.d, cut and not rounded, so that the clock never shows a time not yet reached. */
export function formatTime(seconds) {
  const tenths = Math.floor(seconds * 10 + 1e-6);
  const whole = Math.floor(tenths / 10);
  const rest = String(whole % 60).padStart(2, "0");
  return `${Math.floor(whole / 60)}:${rest}.${tenths % 10}`;
}

/** Seconds from what `formatTime` writes, or from plain seconds; NaN if it is neither. */
export function parseTime(text) {
  const parts = /^\s*(?:(\d+):)?(\d+(?:\.\d*)?)\s*$/.exec(text);
  return parts ? 60 * Number(parts[1] ?? 0) + Number(parts[2]) : NaN;
}

/** Last position whose value is not above `value`; -1 before the first. */
export function lastNotAbove(sorted, value) {
  let low = -1;
  let high = sorted.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (sorted[middle] <= value) low = middle;
    else high = middle - 1;
  }
  return low;
}

/** Inner size of an element; Plotly needs a little even when it is hidden. */
export function measure(host) {
  return { width: Math.max(host.clientWidth, 80), height: Math.max(host.clientHeight, 80) };
}
