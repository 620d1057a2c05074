/* The body in the room: metres, x right, y away from the camera, z up, feet on the ground. */

const LIMB = /shoulder|elbow|wrist|hip|knee|ankle/;
const NOWHERE = [NaN, NaN, NaN];
const WHOLE = [[0, 1]];
const DASHES = [
  [0, 0.27],
  [0.365, 0.635],
  [0.73, 1],
];
const NECK = [
  ["left_shoulder", "right_shoulder"],
  ["mouth_left", "mouth_right"],
];
/** Of 255; below half, a landmark counts as hidden. */
const HIDDEN = 128;

export const subtract = (a, b) => [a[0] - b[0], a[1] - b[1], a[2] - b[2]];
export const dot = (a, b) => a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
export const cross = (a, b) => [
  a[1] * b[2] - a[2] * b[1],
  a[2] * b[0] - a[0] * b[2],
  a[0] * b[1] - a[1] * b[0],
];
export const normalise = (a) => a.map((value) => value / (Math.hypot(...a) || 1));
export const between = (a, b, part) => [0, 1, 2].map((axis) => a[axis] + part * (b[axis] - a[axis]));

/** The segments as one line with breaks: as few vertices as they allow, for each is paid for in
 * each frame. Right limbs are dashed, as in the charts. */
export function makeVertices({ segments, landmarks }) {
  const vertices = [];
  let tip = ""; // where the line ends so far, and on which side's colour
  const draw = ({ from, to, side }, [start, end], segment) => {
    const goesOn = start === 0 && tip === `${from} ${side}`;
    if (goesOn) vertices.pop();
    else vertices.push({ from, to, side, part: start, segment });
    vertices.push({ from, to, side, part: end, segment }, { side, part: null, segment });
    tip = end === 1 ? `${to} ${side}` : "";
  };
  segments.forEach((segment, position) => {
    const isLimb = LIMB.test(landmarks[segment.from]) && LIMB.test(landmarks[segment.to]);
    const parts = segment.side === "right" && isLimb ? DASHES : WHOLE;
    for (const part of parts) draw(segment, part, position);
  });
  const neck = landmarks.length; // its two ends come behind the landmarks in `placesAt`
  draw({ from: neck, to: neck + 1, side: "middle" }, WHOLE[0], segments.length);
  return vertices;
}

export function toLine(vertices, places) {
  const line = { x: [], y: [], z: [] };
  for (const { from, to, part } of vertices) {
    const place = part === null ? NOWHERE : between(places[from], places[to], part);
    line.x.push(place[0]);
    line.y.push(place[1]);
    line.z.push(place[2]);
  }
  return line;
}

/** Which segments hang on a landmark that is likely hidden, as text of 0 and 1. */
export function hiddenSegments({ segments, visibility, landmarks }, frame) {
  if (frame < 0) return "";
  const first = frame * landmarks.length;
  const isHidden = (landmark) => visibility[first + landmark] < HIDDEN;
  return segments.map(({ from, to }) => (isHidden(from) || isHidden(to) ? "1" : "0")).join("");
}

/** Where every landmark is in the room; behind them the two ends of the neck. */
export function placesAt(replay, frame) {
  const ground = frame < 0 ? 0 : groundAt(replay, frame);
  const places = replay.landmarks.map((_, i) =>
    frame < 0 ? NOWHERE : landmarkAt(replay, frame, i, ground),
  );
  for (const pair of NECK) {
    const [a, b] = pair.map((name) => places[replay.landmarks.indexOf(name)]);
    places.push(between(a, b, 0.5));
  }
  return places;
}

/** Millimetres below the hips of the lowest landmark, averaged over five frames against jitter.
 *
 * World landmarks hang from the hips; a body stands on its feet. */
export function groundAt(replay, frame) {
  let sum = 0;
  let n = 0;
  for (let i = Math.max(0, frame - 2); i <= Math.min(replay.n_frames - 1, frame + 2); i += 1) {
    let lowest = replay.missing;
    for (let k = i * 99 + 1; k < i * 99 + 99; k += 3) {
      if (replay.world_mm[k] > lowest) lowest = replay.world_mm[k];
    }
    if (lowest === replay.missing) continue;
    sum += lowest;
    n += 1;
  }
  return n ? sum / n : 0;
}

export function landmarkAt(replay, frame, landmark, ground) {
  const k = frame * 99 + landmark * 3;
  if (replay.world_mm[k] === replay.missing) return NOWHERE;
  return toRoom(replay.world_mm.subarray(k, k + 3), ground);
}

/** Millimetres below and behind the hips to metres above and behind the ground's middle. */
export function toRoom([x, y, z], ground) {
  return [x / 1000, z / 1000, (ground - y) / 1000];
}
