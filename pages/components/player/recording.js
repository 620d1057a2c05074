/* The packed recording, as posecore.replay_data writes it: times at once, the rest as it is shown.
 *
 * Landmarks come in pieces of some seconds. Those shown last stay, older ones go, so that an hour
 * needs no more memory than a minute.
 */

import { lastNotAbove } from "./page.js";

const ARRAY_TYPES = {
  float64: Float64Array,
  int16: Int16Array,
  int32: Int32Array,
  uint8: Uint8Array,
};
const PREFACE_BYTES = 8; // the two lengths before the header
const ALIGNMENT = 8;
const KEPT_PIECES = 96;
const MOST_UNDER_WAY = 16; // pieces
const RETRY_MS = 3000;
export const UNKNOWN_ERROR = 255;

/** Open a recording; `source` reads bytes: `head()`, `read(from, to)` and `readErrors(from, to)`,
 * the last null where the errors stand in the recording itself. */
export async function openRecording(source) {
  return new Recording(await source.head(), source);
}

class Recording {
  /** Called when landmarks have come that were wanted, and when they could not be read. */
  onArrival = () => {};
  onFailure = () => {};
  /** Why nothing more can be read; null while it can. */
  ended = null;
  #source;
  #arrays;
  #body;
  #pieces = new Map();
  #underWay = new Map();

  constructor(head, source) {
    const length = new DataView(head).getUint32(0, true);
    const header = JSON.parse(new TextDecoder().decode(new Uint8Array(head, PREFACE_BYTES, length)));
    Object.assign(this, header);
    this.#source = source;
    this.#body = PREFACE_BYTES + length;
    this.#arrays = Object.fromEntries(header.arrays.map((array) => [array.name, array]));
    const first = this.#body + this.#arrays.time_s.offset;
    this.time_s = new Float64Array(head, first, this.n_frames);
    this.duration_s = this.n_frames ? this.time_s[this.n_frames - 1] : 0;
    this.step_s = usualStep(this.time_s);
    // A longer time between two frames is a hole in the recording: nothing is drawn across it.
    this.longest_step_s = Math.max(0.25, 3 * this.step_s);
  }

  /** Values of one series as they are packed: whole steps, `missing` where there is none. */
  async readSeries(row) {
    const { n_frames } = this;
    const from = this.#body + this.#arrays.series.offset + 2 * row * n_frames;
    return new Int16Array(await this.#source.read(from, from + 2 * n_frames));
  }

  /** How far each reading of an angle may be off, whole degrees; `UNKNOWN_ERROR` where unknown. */
  async readErrors(row) {
    const { n_frames } = this;
    const from = row * n_frames;
    const own = this.#arrays.errors_deg;
    const at = own ? this.#body + own.offset : 0;
    const read = own ? this.#source.read : this.#source.readErrors;
    return new Uint8Array(await read(at + from, at + from + n_frames));
  }

  /** Landmarks of a frame, null while they are not here: `world_mm`, `ground_mm`, `visibility`, and
   * where there is a video `image_steps`. */
  at(frame) {
    const piece = this.#pieces.get(this.#pieceOf(frame));
    if (!piece) return null;
    const i = frame % this.piece.n_frames;
    const pose = {};
    for (const { name, values, size } of piece) pose[name] = values.subarray(i * size, (i + 1) * size);
    return pose;
  }

  /** Whether the landmarks of all these frames are here. */
  has(first, last) {
    return this.#listPieces(first, last).every((k) => this.#pieces.has(k));
  }

  /** Read the landmarks of these frames if they are not here; an older wish gives way. */
  want(first, last) {
    const wanted = this.#listPieces(first, last);
    for (const k of wanted) if (this.#pieces.has(k)) this.#keep(k, this.#pieces.get(k));
    const missing = wanted.filter((k) => !this.#pieces.has(k) && !this.#underWay.has(k));
    while (missing.length) {
      // What lies together comes in one answer.
      let n = 1;
      while (missing[n] === missing[0] + n) n += 1;
      this.#begin(missing.splice(0, n));
    }
    for (const [k, { giveUp }] of this.#underWay) {
      if (this.#underWay.size <= MOST_UNDER_WAY) break;
      if (wanted.includes(k)) continue;
      giveUp.abort(); // with all that comes in the same answer
      for (const [other, read] of this.#underWay)
        if (read.giveUp === giveUp) this.#underWay.delete(other);
    }
  }

  /** Settles when the landmarks of these frames are here, or could not be read. */
  async load(first, last) {
    this.want(first, last);
    const reads = this.#listPieces(first, last).map((k) => this.#underWay.get(k)?.done);
    await Promise.all(reads);
  }

  #pieceOf(frame) {
    return Math.floor(frame / this.piece.n_frames);
  }

  #listPieces(first, last) {
    const from = this.#pieceOf(Math.max(first, 0));
    const to = this.#pieceOf(Math.min(last, this.n_frames - 1));
    return Array.from({ length: Math.max(to - from + 1, 0) }, (_, i) => from + i);
  }

  #begin(pieces) {
    const giveUp = new AbortController();
    const done = this.#read(pieces, giveUp.signal);
    for (const k of pieces) this.#underWay.set(k, { giveUp, done });
  }

  async #read(pieces, signal) {
    const { n_frames, arrays } = this.piece;
    const length = lengthOf(arrays, n_frames);
    const countFrames = (k) => Math.min(n_frames, this.n_frames - k * n_frames);
    const [first, last] = [pieces[0], pieces.at(-1)];
    const begin = this.#body + this.#arrays.pieces.offset;
    const end = begin + last * length + lengthOf(arrays, countFrames(last));
    try {
      const bytes = await this.#source.read(begin + first * length, end, signal);
      for (const k of pieces) {
        this.#keep(k, cutPiece(bytes, (k - first) * length, arrays, countFrames(k)));
        this.#underWay.delete(k);
      }
      this.onArrival();
    } catch (error) {
      if (signal.aborted) return;
      if (error.isFinal) this.ended = error.message;
      this.onFailure(error);
      if (!this.ended) setTimeout(() => this.#retry(pieces), RETRY_MS);
    }
  }

  /** Let what could not be read be wanted again. */
  #retry(pieces) {
    for (const k of pieces) this.#underWay.delete(k);
    this.onArrival();
  }

  /** Keep a piece as the youngest; the oldest goes when there are too many. */
  #keep(k, piece) {
    this.#pieces.delete(k);
    this.#pieces.set(k, piece);
    if (this.#pieces.size > KEPT_PIECES) this.#pieces.delete(this.#pieces.keys().next().value);
  }
}

const sizeOf = ({ shape }) => shape.reduce((product, each) => product * each, 1);

/** Bytes of a piece of n frames. */
function lengthOf(arrays, n) {
  const bytes = arrays.map((array) => n * sizeOf(array) * ARRAY_TYPES[array.dtype].BYTES_PER_ELEMENT);
  const length = bytes.reduce((sum, each) => sum + each, 0);
  return Math.ceil(length / ALIGNMENT) * ALIGNMENT;
}

/** The arrays of a piece, one after the other in the bytes from `offset` on. */
function cutPiece(bytes, offset, arrays, n) {
  return arrays.map((array) => {
    const size = sizeOf(array);
    const values = new ARRAY_TYPES[array.dtype](bytes, offset, n * size);
    offset += values.byteLength;
    return { name: array.name, values, size };
  });
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
function usualStep(time_s) {
  const steps = [];
  const stride = Math.max(1, Math.floor(time_s.length / 2000));
  for (let i = 1; i < time_s.length; i += stride) steps.push(time_s[i] - time_s[i - 1]);
  steps.sort((a, b) => a - b);
  return steps[steps.length >> 1] ?? 0;
}

/** Whether anybody is in a frame: the body, or the ghost beside it. */
export function isSeen(replay, frame) {
  const { world_mm, ghost_mm = world_mm } = replay.at(frame);
  for (let k = 0; k < world_mm.length; k += 3)
    if (world_mm[k] !== replay.missing || ghost_mm[k] !== replay.missing) return true;
  return false;
}
