// The live room below the camera picture: what the server says of it, shown without a rerun of the
// page, the controls of its parts, and the sounds.

import { makeCameraFrame } from "./camera_frame.js";
import { makeGhost } from "./ghost.js";
import { makeCues } from "./cues.js";
import { makeGoals } from "./goals.js";
import { makeHandsFree } from "./hands_free.js";
import { makeMirror } from "./mirror.js";
import { watchPage } from "./page_watch.js";
import { openRoom } from "./room.js";
import { makeSecondCamera } from "./second_camera.js";
import { makeSounds } from "./sounds.js";

const SILENT = { camera: "off", recorder: "idle", angles_deg: {}, fps: 0, elapsed_s: 0, hint: "", problem: "", parts: {} };
const PRESS_START = "Press Start camera and allow it when the browser asks.";
const THEN_RECORD = "Once you see yourself, press Start recording.";
const REFUSAL_MS = 5000;
const WATCH_MS = 1000;
// Each part: its name, what makes its controls in an element of its own, and where that is. Above
// the angles is what shows something only while it is in use, below them what is always there.
const PARTS = [
  ["ghost", makeGhost, "parts"],
  ["goals", makeGoals, "parts"],
  ["hands_free", makeHandsFree, "parts"],
  ["second_camera", makeSecondCamera, "parts"],
  ["mirror_delay", makeMirror, "actions"],
  ["cues", makeCues, "actions"],
];
const panels = new WeakMap();

export default function (component) {
  const root = component.parentElement.querySelector(".live-panel");
  let panel = panels.get(root);
  if (!panel) {
    panel = makePanel(root);
    panels.set(root, panel);
  }
  panel.rerun = () => component.setTriggerValue("news", Date.now());
  root.dataset.plain = component.data.is_plain;
  panel.listen(component.data.url);
  panel.showAngles(component.data.angles);
  panel.pageWatch.setShown(component.data.page);
  panel.findCamera();
  return () => {
    panel.close();
    panels.delete(root);
  };
}

function makePanel(root) {
  const find = (name) => root.querySelector(`[data-part="${name}"]`);
  const values = new Map();
  const sounds = makeSounds();
  const parts = PARTS.map(([name, make, place]) => [name, make(addHost(name, place), (command) => line.send({ part: name, ...command }), sounds)]);
  const pageWatch = watchPage(() => panel.rerun());
  const camera = makeCameraFrame(() => getComputedStyle(root).getPropertyValue("--st-secondary-background-color"));
  let previous = SILENT;
  let line = null;
  let heardUrl = "";
  let trouble = "";
  let refusal = "";

  function addHost(name, place) {
    const host = document.createElement("div");
    host.className = `part ${name}`;
    find(place).append(host);
    return host;
  }

  function listen(url) {
    if (url === heardUrl) return;
    line?.close();
    heardUrl = url;
    const address = new URL(url, document.baseURI);
    address.protocol = address.protocol.replace("http", "ws");
    show(SILENT);
    line = openRoom(address, { hear: show, refuse, lose: (problem) => show({ ...SILENT, problem }) });
  }

  function showAngles(angles) {
    if (values.size) return;
    const list = find("angles");
    for (const { name, label, side } of angles) {
      const item = document.createElement("div");
      item.className = `angle ${side}`;
      const title = document.createElement("span");
      title.textContent = label;
      const value = document.createElement("output");
      value.textContent = "–";
      value.setAttribute("aria-label", label);
      item.append(title, value);
      list.append(item);
      values.set(name, value);
    }
  }

  // What could not be done is said for a while in the place of the hint.
  function refuse(sentence) {
    refusal = sentence;
    show(previous);
    setTimeout(() => {
      if (refusal === sentence) refusal = "";
      show(previous);
    }, REFUSAL_MS);
  }

  function show(status) {
    root.dataset.recorder = status.recorder;
    root.dataset.camera = status.camera;
    find("timer").textContent = asClock(status.elapsed_s);
    const nAlong = status.parts.second_camera?.n_along || 0;
    find("state").textContent = {
      countdown: `starts in ${Math.ceil(status.countdown_s || 0)}`,
      // As short as the other: nothing jumps on a phone.
      recording: nAlong ? `${nAlong + 1} cameras` : "recording",
      saving: "saving",
      unsaved: "not saved yet",
    }[status.recorder] || (status.camera === "on" ? "ready" : "camera off");
    find("fps").hidden = status.camera !== "on";
    find("size").textContent = status.image_size ? `${status.image_size.join("×")} · ` : "";
    find("rate").textContent = Math.round(status.fps);
    showHint(status);
    for (const [name, value] of values) {
      const degrees = status.angles_deg[name];
      value.textContent = Number.isFinite(degrees) ? `${degrees}°` : "–";
    }
    for (const [name, part] of parts) part.show(status.parts[name] || {}, previous.parts[name] || {}, status);
    sounds.play(previous, status);
    pageWatch.setFound(status.page);
    previous = status;
  }

  function showHint(status) {
    const isOff = status.camera === "off";
    const problem = status.problem || refusal || (isOff ? trouble : "");
    const message = problem || (status.camera === "starting" ? "Starting the pose model …" : status.hint);
    const good = status.recorder === "recording" ? "Looking good." : "Looking good: ready to record.";
    const hint = find("hint");
    hint.textContent = message || (isOff ? THEN_RECORD : status.camera === "on" ? good : "");
    hint.dataset.level = problem ? "problem" : message ? "hint" : isOff ? "none" : "good";
    // Where the camera cannot start, that is said instead.
    camera.say(isOff && trouble ? "" : PRESS_START);
  }

  // Asked again and again: a camera may be plugged in, or allowed, at any time.
  const watch = setInterval(findTrouble, WATCH_MS);
  findTrouble();

  async function findTrouble() {
    camera.find(); // the phone's page shows it only once the browser is ready for it
    if (previous.camera !== "off") return;
    const found = await cameraTrouble();
    if (found === trouble || previous.camera !== "off") return;
    trouble = found;
    showHint(previous);
  }

  function close() {
    clearInterval(watch);
    pageWatch.close();
    camera.close();
    line?.close();
    sounds.close();
  }

  const panel = { listen, showAngles, pageWatch, findCamera: camera.find, close, rerun() {} };
  return panel;
}

// Why the browser gives no camera, in words; the server cannot know.
async function cameraTrouble() {
  if (!window.isSecureContext || !navigator.mediaDevices) {
    return "The browser gives the camera only to pages on this computer (localhost) or on https: open this page there.";
  }
  try {
    const permission = await navigator.permissions.query({ name: "camera" });
    if (permission.state === "denied") {
      return "The camera is blocked for this page: click the camera sign in the address bar, allow it, then press Start camera.";
    }
    const devices = await navigator.mediaDevices.enumerateDevices();
    if (!devices.some((device) => device.kind === "videoinput")) {
      return "No camera was found: plug one in, then press Start camera.";
    }
  } catch {
    // Some browsers do not tell; the camera's own message shows then.
  }
  return "";
}

function asClock(seconds) {
  const whole = Math.floor(seconds || 0);
  return `${String(Math.floor(whole / 60)).padStart(2, "0")}:${String(whole % 60).padStart(2, "0")}`;
}
