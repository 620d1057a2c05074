/* A live stream on another screen: skeleton, angles, perhaps the picture, and cues for the athlete. */

import { createViewBar, listenToTurning, makeCamera, makeProjection, makeRoom } from "../player/camera.js";
import { loadPlotly } from "../player/drawing_library.js";
import { placesAt } from "../player/body.js";
import { el, measure, setText } from "../player/page.js";
import { Skeleton } from "../player/skeleton.js";
import { CueBar } from "./cue_bar.js";
import { openLine } from "./live_line.js";
import { LivePicture } from "./live_picture.js";
import { LiveBody, readLivePose } from "./live_pose.js";

const views = new WeakMap();
const QUIET_MS = 2000;
const SAY_MS = 500;
const NEAR_PX = 30;
const STILL_PX = 6;
const OFF = "The camera is not running. As soon as it does, you see it here.";
const NOBODY = "Nobody in view";
const CONNECTING = "Connecting …";
const OTHER_VERSION = "The dashboard is of another version than this page: reload the page.";
const READ_ONLY = "You may look at this athlete; cues need the right to annotate.";
const NO_CAMERA = "Cues can be sent while the camera runs.";

export default function (component) {
  const root = component.parentElement.querySelector(".audience");
  const { data } = component;
  const leave = () => {
    views.get(root)?.close();
    views.delete(root);
  };
  if (views.get(root)?.address !== data.live) {
    leave();
    views.set(root, makeView(root, data));
  }
  return leave;
}

function makeView(root, data) {
  const lifetime = new AbortController();
  const { signal } = lifetime;
  const body = new LiveBody(data);
  const readings = new Map();
  const state = el("span", { class: "au-state" });
  const behind = el("span", { class: "au-behind" });
  const line = el("div", { class: "au-line" }, state, behind);
  const scene = el("div", { class: "pc-scene" });
  const ring = el("span", { class: "au-ring", hidden: "" });
  const picture = new LivePicture(socketUrl(data.picture), data.segments, () => body.pose);
  const cues = new CueBar(data, (message) => link.send({ ...message, ...moment() }), signal);
  const pictureBox = el("input", { type: "checkbox" });
  const pictureChoice = el("label", { class: "au-choice" }, pictureBox, "Picture");
  const left = el("div", { class: "au-left" }, scene);
  const right = el("div", { class: "au-right" }, pictureChoice, picture.element, makeAngles(), cues.element);
  root.replaceChildren(line, el("div", { class: "au-grid" }, left, right));
  const room = makeRoom(body.room);
  let skeleton = null;
  let told = null;
  let reason = CONNECTING;
  let lastMs = -Infinity;
  let isDrawing = false;
  const link = openLine(socketUrl(data.live), { hear, takeFrame, lose });
  const clock = setInterval(sayHowItStands, SAY_MS);
  cues.onJoint = wake;
  pictureBox.addEventListener("change", showPicture, { signal });
  hear({ type: "watching", camera: "", may_cue: false, picture: false, athlete: "", angles: [] });
  loadPlotly(new URL(data.plotly, document.baseURI).href).then(build, (error) => {
    reason = error.message;
  });

  function build(Plotly) {
    if (signal.aborted) return;
    skeleton = new Skeleton(Plotly, body, scene);
    scene.append(ring);
    left.prepend(createViewBar(skeleton, wake, signal));
    listenToTurning(scene, skeleton, wake, signal);
    listenToPicking();
    const resizer = new ResizeObserver(() => {
      skeleton.resize();
      wake();
    });
    resizer.observe(scene);
    signal.addEventListener("abort", () => resizer.disconnect());
    skeleton.ready.then(wake);
  }

  function makeAngles() {
    const list = el("div", { class: "au-angles" });
    for (const { name, label, side } of data.angles) {
      const value = el("output", { "aria-label": label }, "–");
      list.append(el("div", { class: `au-angle ${side}` }, el("span", {}, label), value));
      readings.set(name, value);
    }
    return list;
  }

  function takeFrame(buffer) {
    const pose = readLivePose(buffer);
    lastMs = performance.now();
    reason = pose ? "" : OTHER_VERSION;
    if (!pose) return;
    body.take(pose);
    for (const [i, name] of told.angles.entries()) {
      const degrees = pose.angles[i];
      setText(readings.get(name), degrees === null ? "–" : `${degrees}°`);
    }
    wake();
  }

  function hear(message) {
    if (message.type !== "watching") {
      cues.hear(message);
      return;
    }
    told = message;
    const isOn = told.camera === "on";
    cues.allow(isOn && told.may_cue, why());
    offerPicture(told.picture);
    showPicture();
    if (told.camera === "off") stop(told.detail || OFF, told.detail ? "refused" : "off");
    sayHowItStands();
  }

  function why() {
    if (!told.camera) return "";
    if (!told.may_cue) return READ_ONLY;
    return told.camera === "on" ? "" : NO_CAMERA;
  }

  function lose(sentence, isRefused) {
    told = { ...told, camera: "", picture: false };
    cues.allow(false, "");
    offerPicture(false);
    showPicture();
    stop(sentence, isRefused ? "refused" : "lost");
  }

  function stop(sentence, name) {
    reason = sentence;
    lastMs = -Infinity;
    for (const value of readings.values()) setText(value, "–");
    root.dataset.state = name;
    sayHowItStands();
    wake();
  }

  function offerPicture(isOffered) {
    pictureBox.disabled = !isOffered;
    pictureChoice.title = isOffered ? "" : "The athlete shows the skeleton alone";
  }

  function showPicture() {
    const isOn = Boolean(told.picture) && pictureBox.checked;
    picture.turn(isOn);
    root.classList.toggle("au-has-picture", isOn);
  }

  function sayHowItStands() {
    const silentMs = performance.now() - lastMs;
    const isLive = silentMs < QUIET_MS;
    if (isLive) root.dataset.state = "live";
    else if (root.dataset.state === "live") root.dataset.state = "waiting";
    const { pose } = body;
    const recorded = isLive && pose.recordedS !== null ? ` · recording ${asTimer(pose.recordedS)}` : "";
    const who = told.athlete ? ` · ${told.athlete}` : "";
    const silent = Number.isFinite(silentMs) ? `nothing for ${Math.round(silentMs / 1000)} s` : "not live";
    setText(state, (isLive ? "live" : silent) + who + recorded);
    const ms = isLive ? link.since(pose.capturedMs) - silentMs : NaN;
    setText(behind, Number.isFinite(ms) ? `${Math.max(0, Math.round(ms))} ms behind` : "");
    root.dataset.behindMs = Number.isFinite(ms) ? String(Math.round(ms)) : "";
    root.toggleAttribute("data-recording", Boolean(recorded));
  }

  function moment() {
    const atS = body.pose?.recordedS ?? null;
    return atS === null ? {} : { at_s: atS };
  }

  function wake() {
    if (isDrawing || !skeleton) return;
    isDrawing = true;
    requestAnimationFrame(() => {
      isDrawing = false;
      if (!signal.aborted) draw();
    });
  }

  function draw() {
    const isThere = Number.isFinite(lastMs) && body.n_frames > 0;
    skeleton.draw(isThere ? body.n_frames - 1 : -1, reason);
    if (isThere && !reason && !isSeen()) scene.querySelector(".pc-message").textContent = NOBODY;
    root.dataset.frames = String(body.n_frames);
    placeRing();
  }

  function isSeen() {
    return placesAt(body, body.n_frames - 1).some(([x]) => Number.isFinite(x));
  }

  function project() {
    const size = measure(scene);
    const view = makeCamera({ ...skeleton.view, isEye: false }, room, size);
    const toPixels = makeProjection(view, room, size);
    const places = placesAt(body, body.n_frames - 1);
    return data.joints.map((joint) => ({ ...joint, at: toPixels(places[joint.landmark]) }));
  }

  function placeRing() {
    const { joint } = cues;
    const found = joint && Number.isFinite(lastMs) && project().find(({ name }) => name === joint.name);
    ring.hidden = !found || Number.isNaN(found.at[0]);
    if (!ring.hidden) ring.style.transform = `translate(${found.at[0]}px, ${found.at[1]}px)`;
  }

  /** A click, not a turn, on a joint chooses it. */
  function listenToPicking() {
    let from = null;
    scene.addEventListener("pointerdown", (event) => (from = [event.clientX, event.clientY]), { signal });
    const pick = (event) => {
      const isStill = from && Math.hypot(event.clientX - from[0], event.clientY - from[1]) < STILL_PX;
      if (!isStill || !told.may_cue || skeleton.view.isEye || !Number.isFinite(lastMs)) return;
      const { left: x, top: y } = scene.getBoundingClientRect();
      const far = ({ at }) => Math.hypot(at[0] - (event.clientX - x), at[1] - (event.clientY - y));
      const near = project().filter((joint) => far(joint) < NEAR_PX);
      if (near.length) cues.choose(near.sort((a, b) => far(a) - far(b))[0].name);
    };
    scene.addEventListener("pointerup", pick, { signal });
  }

  function close() {
    lifetime.abort();
    clearInterval(clock);
    link.close();
    picture.turn(false);
    skeleton?.destroy();
    root.replaceChildren();
  }

  return { address: data.live, close };
}

function socketUrl(path) {
  const url = new URL(path, document.baseURI);
  url.protocol = url.protocol.replace("http", "ws");
  return url;
}

function asTimer(seconds) {
  const whole = Math.floor(seconds);
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
}
