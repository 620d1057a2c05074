/* A video beside one of two skeletons: it follows the common clock, which may run slower or faster
 * than its own, and is put right when it strays. */

import { clamp, el } from "./page.js";
import { VideoPane } from "./video.js";

const STRAYED_S = 0.12;
const PACE_FRAMES = 15;
const RATES = [0.0625, 16]; // what browsers can play

export class FollowingVideo {
  element;
  #replay;
  #pane;
  #name;
  #times;
  #rate = 0; // 0 while it holds
  #shown_s = null;

  /** `name` is "a" or "b"; the recording has its moments, and its landmarks in the picture. */
  constructor(replay, name, url, wake, signal) {
    this.#replay = replay;
    this.#name = name;
    this.#times = `${name}_ms`;
    const image = name === "a" ? "image_steps" : "ghost_image_steps";
    this.#pane = new VideoPane(replay, url, wake, signal, image);
    const letter = el("span", { class: `pc-tag pc-name pc-${name}` }, name.toUpperCase());
    this.element = this.#pane.element;
    this.element.append(letter);
  }

  get name() {
    return this.#name;
  }

  get state() {
    return this.#pane.state;
  }

  get presented_s() {
    return this.#pane.presented_s;
  }

  /** Show the picture of a frame of the common clock; -1 for none. */
  draw(frame, { isPlaying, speed }) {
    if (frame < 0) {
      this.#hold();
      this.#pane.draw(-1, 0);
      return;
    }
    const own_s = this.#replay.at(frame)[this.#times][0] / 1000;
    if (isPlaying) this.#run(own_s, speed * this.#paceAt(frame, own_s));
    else if (this.#rate || own_s !== this.#shown_s) {
      this.#hold();
      this.#pane.seek(own_s);
    }
    this.#shown_s = own_s;
    this.#pane.draw(frame, own_s);
  }

  #run(own_s, pace) {
    const rate = clamp(pace, ...RATES);
    if (Math.abs(rate - this.#rate) > 0.02 * rate) this.#pane.play(rate);
    this.#rate = rate;
    const { time_s } = this.#pane; // null while a picture is on its way
    if (time_s !== null && Math.abs(time_s - own_s) > STRAYED_S * Math.max(1, rate))
      this.#pane.seek(own_s);
  }

  #hold() {
    if (this.#rate) this.#pane.pause();
    this.#rate = 0;
  }

  /** Seconds of this video to one of the common clock. */
  #paceAt(frame, own_s) {
    const next = Math.min(frame + PACE_FRAMES, this.#replay.n_frames - 1);
    const pose = next > frame ? this.#replay.at(next) : null;
    if (!pose) return 1;
    const passed_s = this.#replay.time_s[next] - this.#replay.time_s[frame];
    return (pose[this.#times][0] / 1000 - own_s) / passed_s;
  }
}
