/* The packed recording, as posecore.replay_data writes it. */

import { lastNotAbove } from "./page.js";

const ARRAY_TYPES = {
  float64: Float64Array,
  int32: Int32Array,
  int16: Int16Array,
  uint8: Uint8Array,
};

/** Read a packed recording; its arrays stay where they are in the buffer. */
export function readReplay(buffer) {
  const length = new DataView(buffer).getUint32(0, true);
  const header = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 4, length)));
  const replay = { ...header };
  for (const { name, dtype, shape, offset } of header.arrays) {
    const size = shape.reduce((product, each) => product * each, 1);
    replay[name] = new ARRAY_TYPES[dtype](buffer, 4 + length + offset, size);
  }
  replay.duration_s = replay.n_frames ? replay.time_s[replay.n_frames - 1] : 0;
  replay.step_s = usualStep(replay.time_s);
  // A longer time between two frames is a hole in the recording: nothing is drawn across it.
  replay.longest_step_s = Math.max(0.5, 5 * replay.step_s);
  return replay;
}

/** The frame closest to a moment. Nearest and not last, so that a clock that runs in step with the
 * frames does not stumble over their edges. */
export function nearestFrame({ time_s }, moment_s) {
  const frame = lastNotAbove(time_s, moment_s);
  const next = frame + 1;
  if (next >= time_s.length) return frame;
  return frame < 0 || time_s[next] - moment_s < moment_s - time_s[frame] ? next : frame;
}

/** Whether more time than between other frames lies before this one. */
export function isHoleBefore({ time_s, longest_step_s }, frame) {
  return time_s[frame] - time_s[frame - 1] > longest_step_s;
}

/** Time between two frames, as a rule. */
export function usualStep(time_s) {
  const steps = [];
  const stride = Math.max(1, Math.floor(time_s.length / 2000));
  for (let i = 1; i < time_s.length; i += stride) steps.push(time_s[i] - time_s[i - 1]);
  steps.sort((a, b) => a - b);
  return steps[steps.length >> 1] ?? 0;
}

export function isSeen(replay, frame) {
  const first = frame * 99;
  for (let i = first; i < first + 99; i += 3) {
    if (replay.world_mm[i] !== replay.missing) return true;
  }
  return false;
}
