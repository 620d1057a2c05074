/* How two bodies stand together: in one another or side by side, coloured by how far they differ. */

import { button, el } from "./page.js";

const LEGEND = [
  ["near", "under 5 cm"],
  ["off", "5 to 15"],
  ["far", "over 15"],
];

/** The two choices, and what the colours mean while they are on. */
export function createGhostBar(skeleton, wake, signal) {
  const legend = el("span", { class: "pc-legend", hidden: "" });
  for (const [name, text] of LEGEND) legend.append(el("span", { class: `pc-apart-${name}` }, text));
  const beside = createToggle("Side by side", "A on the left, B on the right", (isBeside) => {
    skeleton.compare({ isBeside });
    wake();
  }, signal);
  const coloured = createToggle("Differences", "Colour A by how far B is away", (isColoured) => {
    skeleton.compare({ isColoured });
    legend.hidden = !isColoured;
    wake();
  }, signal);
  return el("div", { class: "pc-bar pc-ghost-bar" }, beside, coloured, legend);
}

function createToggle(text, title, change, signal) {
  const toggle = button(text, { title, "aria-pressed": "false" }, () => {
    const isOn = toggle.getAttribute("aria-pressed") !== "true";
    toggle.setAttribute("aria-pressed", String(isOn));
    change(isOn);
  }, signal);
  return toggle;
}
