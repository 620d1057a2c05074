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
const HEAD = /nose|eye|ear|mouth/;
const EYES = ["left_eye", "right_eye"];
const EARS = ["left_ear", "right_ear"];
/** Who looks straight ahead has the lower rims of the eyes level with the ears (the Frankfurt
 * plane), and the eyes themselves about 9 degrees higher. */
const EYES_ABOVE_LEVEL = (9 * Math.PI) / 180;
/** On either side of the one that is shown. */
export const GAZE_FRAMES = 4;
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
 * each frame. Right limbs are dashed, as in the charts; all limbs of a ghost are. */
export function makeVertices({ segments, landmarks }, isGhost = false) {
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
    const parts = isLimb && (isGhost || segment.side === "right") ? DASHES : WHOLE;
    for (const part of parts) draw(segment, part, position);
  });
  const neck = landmarks.length; // its two ends come behind the landmarks in `placesAt`
  draw({ from: neck, to: neck + 1, side: "middle" }, WHOLE[0], segments.length);
  for (const vertex of vertices) vertex.isGhost = isGhost;
  return vertices;
}

export function toLine(vertices, body, ghost) {
  const line = { x: [], y: [], z: [] };
  for (const { from, to, part, isGhost } of vertices) {
    const places = isGhost ? ghost : body;
    const place = part === null ? NOWHERE : between(places[from], places[to], part);
    line.x.push(place[0]);
    line.y.push(place[1]);
    line.z.push(place[2]);
  }
  return line;
}

/** Which segments hang on a landmark that is likely hidden, as text of 0 and 1. */
export function hiddenSegments(replay, frame) {
  if (frame < 0) return "";
  const { visibility } = replay.at(frame);
  const isHidden = (landmark) => visibility[landmark] < HIDDEN;
  return replay.segments
    .map(({ from, to }) => (isHidden(from) || isHidden(to) ? "1" : "0"))
    .join("");
}

/** Where every landmark is in the room, of the body or of the ghost beside it; behind them the two
 * ends of the neck. */
export function placesAt(replay, frame, array = "world_mm") {
  const all = frame < 0 ? null : replay.at(frame);
  const pose = all && { world_mm: all[array], ground_mm: all.ground_mm };
  const places = replay.landmarks.map((_, i) => (pose ? placeOf(replay, pose, i) : NOWHERE));
  for (const pair of NECK) {
    const [a, b] = pair.map((name) => places[replay.landmarks.indexOf(name)]);
    places.push(between(a, b, 0.5));
  }
  return places;
}

/** Where a landmark of a pose is in the room. */
export function placeOf({ missing }, { world_mm, ground_mm }, landmark) {
  const k = landmark * 3;
  return world_mm[k] === missing ? NOWHERE : toRoom(world_mm.subarray(k, k + 3), ground_mm[0]);
}

/** Where the eyes of a frame are in the room and which way they look; null without a face. The way
 * is averaged over some frames, for a picture that shakes with every landmark cannot be watched. */
export function headAt(replay, frame) {
  if (frame < 0) return null;
  const sum = [0, 0, 0];
  const last = Math.min(frame + GAZE_FRAMES, replay.n_frames - 1);
  for (let i = Math.max(frame - GAZE_FRAMES, 0); i <= last; i += 1) {
    const [eyes, ears] = [EYES, EARS].map((pair) => middleOf(replay, i, pair));
    const way = subtract(eyes, ears);
    if (way.every(Number.isFinite)) way.forEach((value, axis) => (sum[axis] += value));
  }
  const eyes = middleOf(replay, frame, EYES);
  const level = Math.hypot(sum[0], sum[1]);
  if (!level || !eyes.every(Number.isFinite)) return null;
  const tilt = Math.atan2(sum[2], level) - EYES_ABOVE_LEVEL;
  return { eyes, gaze: { level: [sum[0] / level, sum[1] / level], tilt } };
}

function middleOf(replay, frame, names) {
  const pose = replay.at(frame);
  const [a, b] = names.map((name) => placeOf(replay, pose, replay.landmarks.indexOf(name)));
  return between(a, b, 0.5);
}

/** The places without the head, which its own eyes do not see. */
export function hideHead({ landmarks }, places) {
  const isSeen = (i) => i < landmarks.length && !HEAD.test(landmarks[i]);
  return places.map((place, i) => (isSeen(i) ? place : NOWHERE));
}

/** Where the centre of mass of a pose is in the room; nowhere when a part is missing. */
export function centreOfMass({ mass_shares, missing }, { world_mm, ground_mm }) {
  const centre = [0, 0, 0];
  for (let landmark = 0; landmark < mass_shares.length; landmark += 1) {
    const share = mass_shares[landmark];
    if (!share) continue;
    const k = landmark * 3;
    if (world_mm[k] === missing) return NOWHERE;
    for (let axis = 0; axis < 3; axis += 1) centre[axis] += share * world_mm[k + axis];
  }
  return toRoom(centre, ground_mm[0]);
}

/** Millimetres below and behind the hips to metres above and behind the ground's middle: world
 * landmarks hang from the hips, and a body stands on its feet. */
function toRoom([x, y, z], ground) {
  return [x / 1000, z / 1000, (ground - y) / 1000];
}
