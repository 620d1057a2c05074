/* The replay player: one clock that moves the skeleton, the charts and the slider together.
 *
 * Everything happens here in the browser; nothing is asked of the server while a session plays.
 */

import { createCharts, listenToCharts } from "./charts.js";
import { createClock } from "./clock.js";
import { SIDE_LETTERS, clamp, el } from "./page.js";
import { isSeen } from "./recording.js";
import { VIEWS, createSkeleton, listenToTurning } from "./skeleton.js";
import { createTransport, listenToKeys } from "./transport.js";

/** Numbers that change faster than this cannot be read; in play they wait, at rest they are exact. */
const READING_MS = 80;

/** Build the player into `root` and start it; `address` reads and writes the moment. */
export function createPlayer(root, replay, { Plotly, address }) {
  const lifetime = new AbortController();
  const { signal } = lifetime;
  const clock = createClock(replay);
  let request = 0;
  let lastReading = 0;

  const scene = el("div", { class: "pc-scene" });
  const panels = el("div", { class: "pc-charts" });
  const actions = {
    wake,
    toggle() {
      if (clock.playing) clock.pause();
      else clock.play();
      rest();
    },
    seek(time_s) {
      clock.seek(time_s);
      charts.follow(clock.time_s);
      rest();
    },
    move: (seconds) => actions.seek(clock.time_s + seconds),
    step(frames) {
      clock.pause();
      const frame = clamp(clock.frame() + frames, 0, replay.n_frames - 1);
      actions.seek(replay.time_s[frame] ?? 0);
    },
    hold() {
      clock.held = true;
    },
    release() {
      clock.held = false;
      wake();
    },
    setSpeed(speed) {
      clock.speed = speed;
    },
  };
  const transport = createTransport(replay, actions, signal);
  root.replaceChildren(
    el(
      "div",
      { class: "pc-grid" },
      el("div", { class: "pc-left" }, createViewBar(), scene),
      el("div", { class: "pc-right" }, createChartBar(), panels),
      transport.element,
    ),
  );
  const skeleton = createSkeleton(Plotly, replay, scene);
  const charts = createCharts(Plotly, replay, panels);
  if (charts.isEmpty) {
    panels.classList.add("pc-empty");
    panels.append(el("p", { class: "pc-message" }, "No joint angles: nobody was in view"));
  }

  function createViewBar() {
    const bar = el("div", { class: "pc-bar", role: "group", "aria-label": "View" });
    for (const [name, title, view] of VIEWS) {
      const button = el("button", { type: "button", title: `Look ${title}` }, name);
      button.addEventListener("click", () => {
        skeleton.turn({ ...view, zoom: 1 });
        wake();
      }, { signal });
      bar.append(button);
    }
    return bar;
  }

  function createChartBar() {
    const bar = el("div", { class: "pc-bar" });
    for (const side of ["left", "right"])
      bar.append(el("span", { class: `pc-key pc-${side}` }, `${SIDE_LETTERS[side]} ${side}`));
    const zooms = el("span", { class: "pc-zooms", role: "group", "aria-label": "Time shown" });
    const around = () => (charts.isInside(clock.time_s) ? clock.time_s : charts.centre());
    for (const [text, name, action] of [
      ["−", "Show more time", () => charts.zoom(0.5, around())],
      ["+", "Show less time", () => charts.zoom(2, around())],
      ["All", "Show the whole session", () => charts.showWhole()],
    ]) {
      const button = el("button", { type: "button", "aria-label": name, title: name }, text);
      button.addEventListener("click", () => {
        action();
        wake();
      }, { signal });
      zooms.append(button);
    }
    bar.append(zooms);
    return bar;
  }

  function wake() {
    if (!request && !signal.aborted) request = requestAnimationFrame(tick);
  }

  /** Draw, and let the address know the moment. */
  function rest() {
    root.dataset.playing = String(clock.playing);
    if (!clock.playing) transport.announce(clock);
    address.note(clock.time_s);
    wake();
  }

  function tick(now) {
    request = 0;
    const wasPlaying = clock.playing;
    clock.tick(now);
    draw(now);
    if (clock.playing) {
      charts.follow(clock.time_s);
      address.noteInPlay(clock.time_s);
      wake();
    } else if (wasPlaying) rest();
  }

  function draw(now) {
    const frame = clock.frame();
    const reason = reasonForNobody(frame);
    skeleton.draw(reason ? -1 : frame, reason);
    charts.moveCursor(clock.time_s);
    transport.showPlaying(clock.playing);
    if (!clock.playing || now - lastReading >= READING_MS) {
      charts.read(reason ? -1 : frame);
      transport.read(frame, clock);
      lastReading = now;
    }
    root.dataset.frame = String(Math.max(frame, 0));
    root.dataset.timeS = clock.time_s.toFixed(3);
    root.dataset.playing = String(clock.playing);
  }

  function reasonForNobody(frame) {
    if (frame < 0) return "This session has no frames";
    const away_s = Math.abs(clock.time_s - replay.time_s[frame]);
    if (away_s > replay.longest_step_s / 2) return "No frames recorded here";
    return isSeen(replay, frame) ? "" : "Nobody in view";
  }

  /** After a click with the mouse the keyboard belongs to the player, not to the button. */
  function giveBackFocus(event) {
    if (event.target.closest("button")) root.focus({ preventScroll: true });
  }

  async function start() {
    await Promise.all([skeleton.ready, charts.ready]);
    if (signal.aborted) return;
    listenToTurning(scene, skeleton, wake, signal);
    listenToCharts(panels, charts, actions, signal);
    listenToKeys(root, actions, signal);
    root.addEventListener("pointerup", giveBackFocus, { signal });
    const observer = new ResizeObserver(() => {
      skeleton.resize();
      charts.resize();
      wake();
    });
    observer.observe(scene);
    observer.observe(panels);
    signal.addEventListener("abort", () => observer.disconnect());
    clock.seek(address.read());
    charts.follow(clock.time_s);
    draw(performance.now());
    transport.announce(clock);
    root.dataset.ready = "true";
  }

  root.tabIndex = -1;
  root.dataset.frameCount = String(replay.n_frames);
  const ready = start();

  return {
    ready,
    shows: (session, content) => session === replay.session_id && content === replay.content_id,
    destroy() {
      lifetime.abort();
      cancelAnimationFrame(request);
      address.stop();
      skeleton.destroy();
      charts.destroy();
      root.replaceChildren();
      root.dataset.ready = "false";
    },
  };
}
