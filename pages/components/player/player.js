/* The replay player: one clock that moves the skeleton, the charts and the slider together.
 *
 * Everything happens here in the browser; nothing is asked of the server while a session plays.
 */

import { createChartBar, createViewBar } from "./bars.js";
import { createCharts, listenToCharts } from "./charts.js";
import { createClock } from "./clock.js";
import { clamp, el } from "./page.js";
import { isSeen } from "./recording.js";
import { createSkeleton, listenToTurning } from "./skeleton.js";
import { createTransport, listenToKeys } from "./transport.js";

/** Numbers that change faster cannot be read; in play they wait, at rest they are exact. */
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
  const left = el("div", { class: "pc-left" }, scene);
  const right = el("div", { class: "pc-right" }, panels);
  root.replaceChildren(el("div", { class: "pc-grid" }, left, right, transport.element));
  const skeleton = createSkeleton(Plotly, replay, scene);
  const charts = createCharts(Plotly, replay, panels);
  left.prepend(createViewBar(skeleton, wake, signal));
  right.prepend(createChartBar(charts, clock, wake, signal));
  if (charts.isEmpty) {
    panels.classList.add("pc-empty");
    panels.append(el("p", { class: "pc-message" }, "No joint angles: nobody was in view"));
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
