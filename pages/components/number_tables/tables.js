/* Tables of numbers: what a number means behind its info mark, and moments that the replay shows. */

const GAP_PX = 6;

/** Say what a number means beside its mark; the popover lies above everything, so nothing cuts it. */
function explain(mark, about) {
  about.textContent = mark.dataset.about;
  about.showPopover();
  const { left, bottom, top } = mark.getBoundingClientRect();
  const { width, height } = about.getBoundingClientRect();
  const below = bottom + GAP_PX + height <= innerHeight;
  about.style.left = `${Math.max(GAP_PX, Math.min(left, innerWidth - width - GAP_PX))}px`;
  about.style.top = `${below ? bottom + GAP_PX : Math.max(GAP_PX, top - GAP_PX - height)}px`;
}

/** Take the player's slider to a moment, as a hand does; false where there is no player. */
function seek(time_s) {
  const player = document.querySelector("[data-testid='replay-player'][data-ready='true']");
  const slider = player?.querySelector("input[aria-label='Seek']");
  if (!slider) return false;
  slider.value = time_s;
  slider.dispatchEvent(new Event("input"));
  slider.dispatchEvent(new Event("change"));
  player.scrollIntoView({ block: "nearest", behavior: "smooth" });
  return true;
}

/** Called at each rerun: handlers take each other's place, and what is the same stays as it is. */
export default function ({ data, parentElement }) {
  const root = parentElement.querySelector(".numbers");
  const about = parentElement.querySelector(".about");
  if (root.shown !== data.html) root.innerHTML = root.shown = data.html;
  root.onclick = (event) => {
    const mark = event.target.closest("[data-about]");
    if (mark) explain(mark, about);
    const moment = event.target.closest("[data-time-s]");
    const isPlain = !(event.ctrlKey || event.metaKey || event.shiftKey);
    // Without a player, or for a new tab, the link itself opens the moment.
    if (moment && isPlain && seek(moment.dataset.timeS)) event.preventDefault();
  };
  root.onpointerover = ({ target, pointerType }) => {
    if (pointerType === "mouse" && target.matches("[data-about]")) explain(target, about);
  };
  root.onpointerout = ({ target, pointerType }) => {
    if (pointerType === "mouse" && target.matches("[data-about]")) about.hidePopover();
  };
}
