/* What is drawn beside the body in the room: trails of landmarks, and a joint's angle.
 *
 * All of it is one more trace, which is only there while somebody wants it.
 */

import { SIDE_COLOURS } from "./page.js";
import { centreOfMass, cross, dot, normalise, placeOf, subtract } from "./body.js";

const TRAIL_S = 2;
const TRAIL_POINTS = 60;
const ARC_POINTS = 13;
const ARC_RADIUS_M = 0.16;
const MASS_COLOUR = "#CC79A7";
const ARC_COLOUR = "#E69F00";
const TRAILS = [
  "left_wrist", "right_wrist", "left_elbow", "right_elbow", "left_knee", "right_knee",
  "left_ankle", "right_ankle", "nose",
];

/** What may leave a trail: [[title, [{ id, label }, ...]]]. */
export function listTrails() {
  const label = (name) => {
    const text = name.replace("_", " ");
    return text[0].toUpperCase() + text.slice(1);
  };
  const options = TRAILS.map((id) => ({ id, label: label(id) }));
  return [["Trail of the last 2 s", [{ id: "centre", label: "Centre of mass" }, ...options]]];
}

/** One line with breaks and a colour a vertex: the trails up to a frame, and the chosen angle. */
export function makeMarks(replay, frame, places, { trails, angle }) {
  const line = { x: [], y: [], z: [], colour: [] };
  const add = ([x, y, z], colour) => {
    line.x.push(x);
    line.y.push(y);
    line.z.push(z);
    line.colour.push(colour);
  };
  for (const trail of trails) addTrail(add, replay, frame, trail);
  if (angle) for (const place of arcOf(angle, places)) add(place, ARC_COLOUR);
  return line;
}

/** Frames a trail reaches back. */
export function countTrailFrames({ step_s }) {
  return Math.max(1, Math.round(TRAIL_S / (step_s || TRAIL_S)));
}

function addTrail(add, replay, frame, trail) {
  const landmark = replay.landmarks.indexOf(trail);
  const side = /left|right/.exec(trail)?.[0] ?? "middle";
  const colour = trail === "centre" ? MASS_COLOUR : SIDE_COLOURS[side];
  const n = countTrailFrames(replay);
  const stride = Math.max(1, Math.round(n / TRAIL_POINTS));
  for (let i = frame - (n - (n % stride)); i <= frame; i += stride) {
    if (i < 0 || frame < 0) continue;
    if (replay.time_s[frame] - replay.time_s[i] > 2 * TRAIL_S) continue;
    const pose = replay.at(i);
    const isCentre = trail === "centre";
    add(isCentre ? centreOfMass(replay, pose) : placeOf(replay, pose, landmark), colour);
  }
  add([NaN, NaN, NaN], colour);
}

/** The arc of a joint's angle: from the limb's straight continuation or from its neighbour. */
function arcOf({ joint, zero }, places) {
  const [proximal, vertex, distal] = joint.map((landmark) => places[landmark]);
  const inner = normalise(subtract(proximal, vertex));
  const start = zero === "straight" ? inner.map((value) => -value) : inner;
  const end = normalise(subtract(distal, vertex));
  const axis = normalise(cross(cross(start, end), start));
  const opening = Math.acos(Math.min(1, Math.max(-1, dot(start, end))));
  const arc = Array.from({ length: ARC_POINTS }, (_, i) => {
    const turn = (opening * i) / (ARC_POINTS - 1);
    return vertex.map(
      (value, k) => value + ARC_RADIUS_M * (Math.cos(turn) * start[k] + Math.sin(turn) * axis[k]),
    );
  });
  return [vertex, ...arc, vertex];
}
