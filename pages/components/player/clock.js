/* The clock: seconds since the first frame, moved on by the time the screen really took.
 *
 * Where a video is shown, the video leads: the clock stands where the picture on the screen stands,
 * so that skeleton, charts and video are never apart.
 */

import { clamp } from "./page.js";
import { nearestFrame } from "./recording.js";

export const SPEEDS = [0.1, 0.25, 0.5, 0.75, 1, 1.5, 2, 4];

export class Clock {
  time_s = 0;
  isPlaying = false;
  /** While a finger holds the moment, it stays where the finger is. */
  isHeld = false;
  /** The part that is played over and over, [from, to] in seconds; null for none. */
  loop = null;
  /** The video, where there is one. */
  leader = null;
  #speed = 1;
  #replay;
  #lastTick = null;

  constructor(replay) {
    this.#replay = replay;
  }

  get frame() {
    return nearestFrame(this.#replay, this.time_s);
  }

  get speed() {
    return this.#speed;
  }

  set speed(speed) {
    if (!SPEEDS.includes(speed)) return;
    this.#speed = speed;
    if (this.isPlaying) this.leader?.play(speed);
  }

  seek(time_s) {
    this.time_s = clamp(time_s, 0, this.#replay.duration_s);
    this.#lead();
  }

  /** Put the video on the frame that is shown, which is the nearest and not the last. */
  #lead() {
    if (this.leader) this.leader.seek(this.#replay.time_s[this.frame] ?? 0);
  }

  play() {
    if (this.#replay.n_frames < 2) return;
    const [from, to] = this.loop ?? [0, this.#replay.duration_s];
    if (this.time_s >= to || this.time_s < from) this.seek(from);
    this.isPlaying = true;
    this.#lastTick = null;
    this.leader?.play(this.#speed);
  }

  pause() {
    this.isPlaying = false;
    this.leader?.pause();
    this.#lead();
  }

  /** Loop from one moment to another, in either order; less than a frame apart is no loop. */
  setLoop(from_s, to_s) {
    const { duration_s, step_s } = this.#replay;
    const [from, to] = [from_s, to_s].map((s) => clamp(s, 0, duration_s)).sort((a, b) => a - b);
    this.loop = to - from > step_s / 2 ? [from, to] : null;
  }

  tick(now) {
    // A tab that was hidden for a minute goes on where it was.
    const elapsed_s = this.#lastTick === null ? 0 : Math.min((now - this.#lastTick) / 1000, 1);
    this.#lastTick = now;
    if (!this.isPlaying || this.isHeld) return;
    const before = this.time_s;
    const led = this.leader?.isLeading ? this.leader.time_s : before + elapsed_s * this.#speed;
    this.time_s = clamp(led ?? before, 0, this.#replay.duration_s);
    this.#turnBack(before);
  }

  #turnBack(before) {
    const { duration_s } = this.#replay;
    const [from, to] = this.loop ?? [0, duration_s];
    const isAtEnd = this.time_s >= duration_s;
    if (this.loop && (isAtEnd || (before < to && this.time_s >= to))) {
      this.seek(from + clamp(this.time_s - to, 0, to - from));
    } else if (isAtEnd) {
      this.isPlaying = false;
      this.leader?.pause();
    }
  }
}
