/* The clock: seconds since the first frame, moved on by the time the screen really took. */

import { clamp } from "./page.js";
import { nearestFrame } from "./recording.js";

export function createClock(replay) {
  let lastTick = null;
  const clock = { time_s: 0, speed: 1, playing: false, held: false };

  clock.seek = (time_s) => {
    clock.time_s = clamp(time_s, 0, replay.duration_s);
  };
  clock.play = () => {
    if (replay.n_frames < 2) return;
    if (clock.time_s >= replay.duration_s) clock.time_s = 0;
    clock.playing = true;
    lastTick = null;
  };
  clock.pause = () => {
    clock.playing = false;
  };
  clock.tick = (now) => {
    // A tab that was hidden for a minute goes on where it was.
    const elapsed_s = lastTick === null ? 0 : Math.min((now - lastTick) / 1000, 1);
    lastTick = now;
    if (!clock.playing || clock.held) return;
    clock.seek(clock.time_s + elapsed_s * clock.speed);
    if (clock.time_s >= replay.duration_s) clock.playing = false;
  };
  clock.frame = () => nearestFrame(replay, clock.time_s);
  return clock;
}
