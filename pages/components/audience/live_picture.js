/* The athlete's picture, where it is shown, with the skeleton on it; on a line of its own. */

import { SIDE_COLOURS, el } from "../player/page.js";
import { countReceived } from "./live_line.js";
import { placeInPicture } from "./live_pose.js";

const LINE = 1 / 150; // of the height
const PICTURE_AGAIN_MS = 2000;

export class LivePicture {
  element = el("canvas", { class: "au-picture", role: "img", "aria-label": "The athlete" });
  #url;
  #segments;
  #socket = null;
  #again = null;
  #isOn = false;
  #isBusy = false;
  #findPose;

  constructor(url, segments, findPose) {
    this.#url = url;
    this.#segments = segments;
    this.#findPose = findPose;
    this.element.hidden = true;
  }

  turn(isOn) {
    if (isOn === this.#isOn) return;
    this.#isOn = isOn;
    this.element.hidden = !isOn;
    clearTimeout(this.#again);
    this.#socket?.close();
    this.#socket = null;
    if (isOn) this.#open();
  }

  #open() {
    const socket = new WebSocket(this.#url);
    this.#socket = socket;
    socket.binaryType = "blob";
    const received = countReceived(socket);
    socket.onopen = received.ping;
    socket.onmessage = ({ data }) => {
      if (typeof data === "string") return;
      received.count();
      received.ping(); // pictures are large: the next is sent when this one came
      this.#draw(data);
    };
    socket.onclose = () => {
      if (this.#socket === socket) this.#again = setTimeout(() => this.#open(), PICTURE_AGAIN_MS);
    };
  }

  async #draw(jpeg) {
    if (this.#isBusy) return; // the next one is newer
    this.#isBusy = true;
    try {
      const bitmap = await createImageBitmap(jpeg);
      const canvas = this.element;
      if (canvas.width !== bitmap.width || canvas.height !== bitmap.height)
        Object.assign(canvas, { width: bitmap.width, height: bitmap.height });
      const context = canvas.getContext("2d");
      context.drawImage(bitmap, 0, 0);
      bitmap.close();
      canvas.dataset.pictures = String(Number(canvas.dataset.pictures ?? 0) + 1);
      this.#drawBody(context);
    } finally {
      this.#isBusy = false;
    }
  }

  #drawBody(context) {
    const pose = this.#findPose();
    if (!pose) return;
    const { width, height } = this.element;
    context.lineWidth = Math.max(2, LINE * height);
    context.lineCap = "round";
    for (const { from, to, side } of this.#segments) {
      const ends = [from, to].map((landmark) => placeInPicture(pose, landmark));
      if (ends.includes(null)) continue;
      context.strokeStyle = SIDE_COLOURS[side];
      context.beginPath();
      for (const [x, y] of ends) context.lineTo(x * width, y * height);
      context.stroke();
    }
  }
}
