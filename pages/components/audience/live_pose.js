/* One frame as it comes: posecore/streaming/live_messages.py says what is where. And the body made
 * of it, with what the player's skeleton asks of a recording. */

const LIVE_VERSION = 1;
const LIVE_MISSING = -32768;
const IS_RECORDING = 2;
const AHEAD_OF_WORLD = 24;
const AHEAD_OF_IMAGE = 222;
const AHEAD_OF_ANGLES = 354;
const N_LANDMARKS = 33;
const IMAGE_STEPS = 8192;
/** Somebody with an arm up. */
const LIVE_ROOM = { reach_m: 1.0, bottom_m: -0.2, top_m: 2.05 };
/** How much of the ground below the feet is new with each frame; the rest calms it. */
const NEW_GROUND = 0.3;

/** A frame in arrays over its bytes; null where the dashboard is of another version. */
export function readLivePose(buffer) {
  const view = new DataView(buffer);
  const nAngles = view.getUint16(2, true);
  const ends = AHEAD_OF_ANGLES + 2 * nAngles;
  if (view.getUint8(0) !== LIVE_VERSION || buffer.byteLength !== ends + N_LANDMARKS) return null;
  const missing = (value) => (value === LIVE_MISSING ? null : value);
  return {
    frameNumber: view.getUint32(4, true),
    capturedMs: view.getFloat64(8, true),
    recordedS: view.getUint8(1) & IS_RECORDING ? view.getFloat32(16, true) : null,
    world_mm: new Int16Array(buffer, AHEAD_OF_WORLD, 3 * N_LANDMARKS),
    image: new Int16Array(buffer, AHEAD_OF_IMAGE, 2 * N_LANDMARKS),
    angles: [...new Int16Array(buffer, AHEAD_OF_ANGLES, nAngles)].map(missing),
    visibility: new Uint8Array(buffer, ends, N_LANDMARKS),
  };
}

/** Where a landmark is in the picture, as shares of it; null where it was not seen. */
export function placeInPicture({ image, visibility }, landmark) {
  const [x, y] = image.subarray(2 * landmark, 2 * landmark + 2);
  if (x === LIVE_MISSING || visibility[landmark] < 76) return null;
  return [x / IMAGE_STEPS, y / IMAGE_STEPS];
}

export class LiveBody {
  landmarks;
  segments;
  missing = LIVE_MISSING;
  has_ghost = false;
  room = LIVE_ROOM;
  step_s = 0;
  n_frames = 0;
  #pose = null;
  #ground = new Int16Array(1);
  #hasGround = false;

  constructor({ landmarks, segments }) {
    this.landmarks = landmarks;
    this.segments = segments;
  }

  get pose() {
    return this.#pose;
  }

  /** Take a frame; it is the only one there is. */
  take(pose) {
    this.n_frames += 1;
    this.#pose = { ...pose, ground_mm: this.#ground };
    const lowest = Math.max(...pose.world_mm.filter((_, k) => k % 3 === 1));
    if (lowest === LIVE_MISSING) return;
    const known = this.#hasGround ? this.#ground[0] : lowest;
    this.#ground[0] = Math.round(known + NEW_GROUND * (lowest - known));
    this.#hasGround = true;
  }

  at() {
    return this.#pose;
  }
}
