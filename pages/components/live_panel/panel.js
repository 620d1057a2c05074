// The live numbers beside the camera picture: what the server says five times a second, shown
// without a rerun of the page, and the sounds of the countdown.

const POLL_MS = 200;
const SILENT = { camera: "off", recorder: "idle", angles_deg: {}, fps: 0, elapsed_s: 0, hint: "", problem: "" };
const PRESS_START = "Press Start camera and allow it when the browser asks.";
const panels = new WeakMap();

export default function (component) {
  const root = component.parentElement.querySelector(".live-panel");
  let panel = panels.get(root);
  if (!panel) {
    panel = makePanel(root);
    panels.set(root, panel);
  }
  panel.url = new URL(component.data.url, document.baseURI);
  panel.showAngles(component.data.angles);
  return () => {
    panel.close();
    panels.delete(root);
  };
}

function makePanel(root) {
  const find = (name) => root.querySelector(`[data-part="${name}"]`);
  const values = new Map();
  const sounds = makeSounds();
  let previous = SILENT;
  let timer = null;
  const panel = { url: null, showAngles, close };

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
    poll();
  }

  async function poll() {
    let status = SILENT;
    try {
      const answer = await fetch(panel.url, { cache: "no-store" });
      if (answer.ok) status = await answer.json();
      else if (answer.status === 401) status = { ...SILENT, problem: (await answer.json()).error };
    } catch {
      status = { ...SILENT, problem: "The dashboard does not answer: is it still running?" };
    }
    if (timer === "closed") return;
    show(status, await cameraTrouble(status));
    sounds.play(previous, status);
    previous = status;
    timer = setTimeout(poll, POLL_MS);
  }

  function show(status, trouble) {
    const isRecording = status.recorder === "recording";
    root.dataset.recorder = status.recorder;
    root.dataset.camera = status.camera;
    find("timer").textContent = asClock(status.elapsed_s);
    find("state").textContent = {
      countdown: `starts in ${Math.ceil(status.countdown_s || 0)}`,
      recording: "recording",
      unsaved: "not saved yet",
    }[status.recorder] || (status.camera === "on" ? "ready" : "camera off");
    find("fps").textContent = status.camera === "on" ? `${Math.round(status.fps)} frames/s analysed` : "";
    const message = status.problem || trouble || (status.camera === "starting" ? "Starting the pose model …" : status.hint);
    const hint = find("hint");
    hint.textContent = message || (status.camera === "on" ? (isRecording ? "Looking good." : "Looking good: ready to record.") : "");
    hint.dataset.level = status.problem || (trouble && trouble !== PRESS_START) ? "problem" : message ? "hint" : "good";
    for (const [name, value] of values) {
      const degrees = status.angles_deg[name];
      value.textContent = Number.isFinite(degrees) ? `${degrees}°` : "–";
    }
  }

  function close() {
    clearTimeout(timer);
    timer = "closed";
    sounds.close();
  }

  return panel;
}

// Why the browser gives no camera, in words; the server cannot know.
async function cameraTrouble(status) {
  if (status.camera !== "off") return "";
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
  return PRESS_START;
}

function asClock(seconds) {
  const whole = Math.floor(seconds || 0);
  return `${String(Math.floor(whole / 60)).padStart(2, "0")}:${String(whole % 60).padStart(2, "0")}`;
}

// A tick each second of the countdown, a long high tone at the start, a low one at the end.
function makeSounds() {
  let audio = null;
  function tone(frequency, seconds) {
    audio ??= new AudioContext();
    const oscillator = audio.createOscillator();
    const gain = audio.createGain();
    oscillator.frequency.value = frequency;
    gain.gain.setValueAtTime(0.2, audio.currentTime);
    gain.gain.exponentialRampToValueAtTime(0.001, audio.currentTime + seconds);
    oscillator.connect(gain).connect(audio.destination);
    oscillator.start();
    oscillator.stop(audio.currentTime + seconds);
  }
  return {
    play(before, now) {
      const tick = (status) => (status.recorder === "countdown" ? Math.ceil(status.countdown_s) : 0);
      if (tick(now) && tick(now) !== tick(before)) tone(660, 0.12);
      if (now.recorder === "recording" && before.recorder !== "recording") tone(990, 0.5);
      if (now.recorder !== "recording" && before.recorder === "recording") tone(440, 0.4);
    },
    close() {
      audio?.close();
    },
  };
}
