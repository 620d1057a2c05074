/* The replay player: one clock that moves the skeleton, the charts and the slider together.
 *
 * Everything happens here in the browser; nothing is asked of the server while a session plays.
 * What it shows at the moment stands in the root's data attributes.
 */

import { createChartBar, createViewBar } from "./bars.js";
import { Charts, listenToCharts } from "./charts.js";
import { Clock } from "./clock.js";
import { clamp, el } from "./page.js";
import { isSeen } from "./recording.js";
import { Skeleton, listenToTurning } from "./skeleton.js";
import { Transport, listenToKeys } from "./transport.js";

/** Numbers that change faster cannot be read; in play they wait, at rest they are exact. */
const READING_MS = 80;

export class Player {
  #root;
  #replay;
  #address;
  #clock;
  #skeleton;
  #charts;
  #transport;
  #lifetime = new AbortController();
  #request = 0;
  #lastReading = 0;

  /** Build the player into `root`; `address` reads and notes the moment. */
  constructor(root, replay, { Plotly, address }) {
    this.#root = root;
    this.#replay = replay;
    this.#address = address;
    this.#clock = new Clock(replay);
    const { signal } = this.#lifetime;
    const scene = el("div", { class: "pc-scene" });
    const panels = el("div", { class: "pc-charts" });
    const left = el("div", { class: "pc-left" }, scene);
    const right = el("div", { class: "pc-right" }, panels);
    const actions = this.#makeActions();
    this.#transport = new Transport(replay, actions, signal);
    root.replaceChildren(el("div", { class: "pc-grid" }, left, right, this.#transport.element));
    root.tabIndex = -1;
    root.dataset.frameCount = String(replay.n_frames);
    this.#skeleton = new Skeleton(Plotly, replay, scene);
    this.#charts = new Charts(Plotly, replay, panels);
    left.prepend(createViewBar(this.#skeleton, actions.wake, signal));
    right.prepend(createChartBar(this.#charts, this.#clock, actions.wake, signal));
    this.ready = this.#start(scene, panels, actions);
  }

  /** What the buttons, the keys, the slider and the charts can ask for. */
  #makeActions() {
    const clock = this.#clock;
    const seek = (time_s) => {
      clock.seek(time_s);
      this.#charts.follow(clock.time_s);
      this.#note();
    };
    return {
      seek,
      wake: () => this.#wake(),
      move: (seconds) => seek(clock.time_s + seconds),
      step: (frames) => {
        clock.pause();
        const frame = clamp(clock.frame + frames, 0, this.#replay.n_frames - 1);
        seek(this.#replay.time_s[frame] ?? 0);
      },
      toggle: () => {
        if (clock.isPlaying) clock.pause();
        else clock.play();
        this.#note();
      },
      hold: () => {
        clock.isHeld = true;
      },
      release: () => {
        clock.isHeld = false;
        this.#wake();
      },
      setSpeed: (speed) => {
        clock.speed = speed;
      },
    };
  }

  async #start(scene, panels, actions) {
    await Promise.all([this.#skeleton.ready, this.#charts.ready]);
    const { signal } = this.#lifetime;
    if (signal.aborted) return;
    listenToTurning(scene, this.#skeleton, actions.wake, signal);
    listenToCharts(panels, this.#charts, actions, signal);
    listenToKeys(this.#root, actions, signal);
    this.#listenToFocus();
    this.#listenToSize(scene, panels);
    this.#clock.seek(this.#address.read());
    this.#charts.follow(this.#clock.time_s);
    this.#draw(performance.now());
    this.#transport.announce(this.#clock.time_s);
    this.#root.dataset.ready = "true";
  }

  /** After a click with the mouse the keyboard belongs to the player, not to the button. */
  #listenToFocus() {
    const giveBack = (event) => {
      if (event.target.closest("button")) this.#root.focus({ preventScroll: true });
    };
    this.#root.addEventListener("pointerup", giveBack, { signal: this.#lifetime.signal });
  }

  #listenToSize(...elements) {
    const observer = new ResizeObserver(() => {
      this.#skeleton.resize();
      this.#charts.resize();
      this.#wake();
    });
    for (const element of elements) observer.observe(element);
    this.#lifetime.signal.addEventListener("abort", () => observer.disconnect());
  }

  #wake() {
    if (this.#request || this.#lifetime.signal.aborted) return;
    this.#request = requestAnimationFrame((now) => this.#tick(now));
  }

  /** The person changed the moment, or began or ended play: draw it and keep the address true. */
  #note() {
    const { isPlaying, time_s } = this.#clock;
    this.#root.dataset.playing = String(isPlaying);
    if (!isPlaying) this.#transport.announce(time_s);
    this.#address.note(time_s);
    this.#wake();
  }

  #tick(now) {
    this.#request = 0;
    const wasPlaying = this.#clock.isPlaying;
    this.#clock.tick(now);
    const { isPlaying, time_s } = this.#clock;
    if (isPlaying) {
      this.#charts.follow(time_s);
      this.#address.noteInPlay(time_s);
      this.#wake();
    } else if (wasPlaying) this.#note();
    this.#draw(now);
  }

  #draw(now) {
    const { frame, time_s, isPlaying } = this.#clock;
    const reason = this.#reasonForNobody(frame, time_s);
    const shown = reason ? -1 : frame;
    this.#skeleton.draw(shown, reason);
    this.#charts.moveCursor(time_s);
    this.#transport.showPlaying(isPlaying);
    if (!isPlaying || now - this.#lastReading >= READING_MS) {
      this.#charts.read(shown);
      this.#transport.read(frame, time_s);
      this.#lastReading = now;
    }
    this.#root.dataset.frame = String(Math.max(frame, 0));
    this.#root.dataset.timeS = time_s.toFixed(3);
    this.#root.dataset.playing = String(isPlaying);
  }

  #reasonForNobody(frame, time_s) {
    const replay = this.#replay;
    if (frame < 0) return "This session has no frames";
    const away_s = Math.abs(time_s - replay.time_s[frame]);
    if (away_s > replay.longest_step_s / 2) return "No frames recorded here";
    return isSeen(replay, frame) ? "" : "Nobody in view";
  }

  destroy() {
    this.#lifetime.abort();
    cancelAnimationFrame(this.#request);
    this.#address.stop();
    this.#skeleton.destroy();
    this.#charts.destroy();
    this.#root.replaceChildren();
    this.#root.dataset.ready = "false";
  }
}
