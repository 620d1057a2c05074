/* The clock: seconds since the first frame, moved on by the time the screen really took. */

import { clamp } from "./page.js";
import { nearestFrame } from "./recording.js";

export class Clock {
  time_s = 0;
  speed = 1;
  isPlaying = false;
  /** While a finger holds the moment, it stays where the finger is. */
  isHeld = false;
  #replay;
  #lastTick = null;

  constructor(replay) {
    this.#replay = replay;
  }

  get frame() {
    return nearestFrame(this.#replay, this.time_s);
  }

  seek(time_s) {
    this.time_s = clamp(time_s, 0, this.#replay.duration_s);
  }

  play() {
    if (this.#replay.n_frames < 2) return;
    if (this.time_s >= this.#replay.duration_s) this.time_s = 0;
    this.isPlaying = true;
    this.#lastTick = null;
  }

  pause() {
    this.isPlaying = false;
  }

  tick(now) {
    // A tab that was hidden for a minute goes on where it was.
    const elapsed_s = this.#lastTick === null ? 0 : Math.min((now - this.#lastTick) / 1000, 1);
    this.#lastTick = now;
    if (!this.isPlaying || this.isHeld) return;
    this.seek(this.time_s + elapsed_s * this.speed);
    if (this.time_s >= this.#replay.duration_s) this.isPlaying = false;
  }
}
