/* The video beside the skeleton, with the landmarks drawn over the picture they were found in. */

import { SIDE_COLOURS, el, setText } from "./page.js";

const STEPS_PER_PICTURE = 8192; // as posecore.replay_data packs image landmarks
const LINE_PX = 3;
/** Behind the frame's own time, so that rounding never shows the frame before. */
const INTO_FRAME_S = 0.002;
/** The last picture is shown as long as any; some files do not say so. */
const END_TOLERANCE_S = 0.05;

export class VideoPane {
  element = el("div", { class: "pc-video" });
  #replay;
  #imageArray;
  #wake;
  #video = el("video", { playsinline: "", preload: "auto", tabindex: -1, "aria-hidden": "true" });
  #canvas = el("canvas", { role: "img", "aria-label": "Video with the skeleton drawn over it" });
  #message = el("p", { class: "pc-message", role: "status" });
  #wanted_s = null;
  #presented_s = null;
  #isUsable = false;
  #isBehindEnd = false;
  #speed = 0; // 0 while it holds

  constructor(replay, url, wake, signal, imageArray = "image_steps") {
    this.#imageArray = imageArray;
    this.#replay = replay;
    this.#wake = wake;
    this.#video.muted = true;
    this.element.append(this.#video, this.#canvas, this.#message);
    const listen = (type, handler) => this.#video.addEventListener(type, handler, { signal });
    listen("loadeddata", () => this.#begin());
    listen("error", () => this.#giveUp());
    listen("seeked", () => this.#seekOn());
    listen("ended", () => this.#passEnd(true));
    signal.addEventListener("abort", () => this.#end());
    setText(this.#message, "Loading the video ...");
    this.#video.src = url;
  }

  /** Whether the video says what time it is: not before it is loaded, and not behind its end. */
  get isLeading() {
    return this.#isUsable && !this.#isBehindEnd;
  }

  /** Time of the picture on the screen; null while another is on its way. */
  get time_s() {
    return this.#video.seeking || this.#wanted_s !== null ? null : this.#presented_s;
  }

  get presented_s() {
    return this.#presented_s;
  }

  get state() {
    return this.#isUsable ? "ready" : this.#video.error ? "failed" : "loading";
  }

  /** The picture with the skeleton over it, at its own size. */
  get picture() {
    return this.#isUsable ? { video: this.#video, canvas: this.#canvas } : null;
  }

  seek(time_s) {
    if (!this.#isUsable || this.#video.seeking) {
      this.#wanted_s = time_s;
      return;
    }
    this.#wanted_s = null;
    this.#passEnd(time_s > this.#video.duration + END_TOLERANCE_S);
    if (this.#isBehindEnd) return;
    const target_s = Math.min(time_s + INTO_FRAME_S, this.#video.duration);
    if (Math.abs(this.#video.currentTime - target_s) > 1e-4) this.#video.currentTime = target_s;
    else this.#run();
  }

  /** Run from where it stands, as soon as a picture is there to run from. */
  play(speed) {
    this.#speed = speed;
    this.#run();
  }

  #run() {
    const video = this.#video;
    if (!this.#speed || !this.isLeading || video.seeking || video.ended) return;
    video.playbackRate = this.#speed;
    // A pause that comes before play has begun is no failure.
    video.play().catch(() => {});
  }

  pause() {
    this.#speed = 0;
    this.#video.pause();
  }

  /** Behind its end there is nothing to see, and the clock runs by itself. */
  #passEnd(isBehindEnd) {
    this.#isBehindEnd = isBehindEnd;
    if (isBehindEnd) this.#video.pause();
    this.#wake();
  }

  #begin() {
    this.#isUsable = true;
    this.#follow();
    this.#seekOn();
    this.#wake();
  }

  /** The last wish counts; those in between, while a finger drags, need no picture. */
  #seekOn() {
    if (this.#wanted_s !== null) this.seek(this.#wanted_s);
    else this.#run();
    this.#wake();
  }

  #giveUp() {
    this.#isUsable = false;
    setText(this.#message, "The video cannot be shown; the rest plays without it.");
    this.#wake();
  }

  #follow() {
    this.#video.requestVideoFrameCallback((_, { mediaTime }) => {
      this.#presented_s = mediaTime;
      this.#wake();
      this.#follow();
    });
  }

  #end() {
    this.#video.pause();
    this.#video.removeAttribute("src");
    this.#video.load();
  }

  /** Draw the landmarks of a frame over the picture; -1 for none. */
  draw(frame, time_s) {
    const isOver = this.#isUsable && time_s > this.#video.duration + END_TOLERANCE_S;
    this.element.classList.toggle("pc-over", isOver);
    if (this.#isUsable) setText(this.#message, isOver ? "No video here" : "");
    this.#drawLandmarks(isOver ? -1 : frame);
  }

  #drawLandmarks(frame) {
    const ratio = devicePixelRatio;
    const [width, height] = [this.element.clientWidth, this.element.clientHeight];
    if (this.#canvas.width !== Math.round(width * ratio)) this.#canvas.width = width * ratio;
    if (this.#canvas.height !== Math.round(height * ratio)) this.#canvas.height = height * ratio;
    const context = this.#canvas.getContext("2d");
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.clearRect(0, 0, width, height);
    if (frame < 0 || !this.#isUsable) return;
    const image_steps = this.#replay.at(frame)[this.#imageArray];
    const toPixels = this.#fitInto(width, height);
    context.lineWidth = LINE_PX;
    context.lineCap = "round";
    for (const { from, to, side } of this.#replay.segments) {
      const [a, b] = [from, to].map((landmark) => this.#placeOf(image_steps, landmark, toPixels));
      if (!a || !b) continue;
      context.setLineDash(side === "right" ? [8, 5] : []);
      context.strokeStyle = SIDE_COLOURS[side];
      context.beginPath();
      context.moveTo(...a);
      context.lineTo(...b);
      context.stroke();
    }
  }

  /** The picture keeps its shape and is centred, as `object-fit: contain` does it. */
  #fitInto(width, height) {
    const { videoWidth, videoHeight } = this.#video;
    const scale = Math.min(width / videoWidth, height / videoHeight);
    const [w, h] = [videoWidth * scale, videoHeight * scale];
    return ([x, y]) => [(width - w) / 2 + x * w, (height - h) / 2 + y * h];
  }

  #placeOf(image_steps, landmark, toPixels) {
    const [x, y] = image_steps.subarray(landmark * 2, landmark * 2 + 2);
    if (x === this.#replay.missing) return null;
    return toPixels([x / STEPS_PER_PICTURE, y / STEPS_PER_PICTURE]);
  }
}
