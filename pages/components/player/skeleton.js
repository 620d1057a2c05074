/* The skeleton: one scatter3d trace above a ground grid. x right, depth away, height up. */

import { SIDE_COLOURS, SIDE_LETTERS, clamp, drawing, el, measure, setText } from "./page.js";

const GROUND_SQUARES = 6;
const FIELD_OF_VIEW = Math.PI / 4; // Plotly's
const HOME_VIEW = { azimuth: -28, elevation: 10, zoom: 1 };
export const VIEWS = [
  ["Front", "as the camera saw it", { azimuth: 0, elevation: 2 }],
  ["Left", "from the athlete's left", { azimuth: 90, elevation: 2 }],
  ["Right", "from the athlete's right", { azimuth: -90, elevation: 2 }],
  ["Back", "from behind the athlete", { azimuth: 180, elevation: 2 }],
  ["Top", "from above", { azimuth: 0, elevation: 89 }],
];
const LIMB = /shoulder|elbow|wrist|hip|knee|ankle/;
const NOWHERE = [NaN, NaN, NaN];
const WHOLE = [[0, 1]];
const DASHES = [[0, 0.27], [0.365, 0.635], [0.73, 1]];
const NECK = [
  ["left_shoulder", "right_shoulder"],
  ["mouth_left", "mouth_right"],
];
const TAGGED_LANDMARKS = /^(left|right)_(index|foot_index)$/;

export class Skeleton {
  /** Where it is looked at from: degrees round the athlete and above the ground, and how near. */
  view = { ...HOME_VIEW };
  #Plotly;
  #replay;
  #host;
  #plot = el("div", { class: "pc-plot" });
  #ground = drawing("");
  #message = el("p", { class: "pc-message", role: "status" });
  #tags;
  #vertices;
  #room;
  #size;
  #shown = null;
  #viewChanged = true;

  constructor(Plotly, replay, host) {
    this.#Plotly = Plotly;
    this.#replay = replay;
    this.#host = host;
    this.#tags = createSideTags(replay);
    this.#vertices = makeVertices(replay);
    this.#room = makeRoom(replay.reach_m);
    this.#ground.classList.add("pc-ground");
    host.append(this.#ground, this.#plot, ...this.#tags.map(({ element }) => element));
    host.append(this.#message);
    this.resize();
    this.ready = Plotly.newPlot(
      this.#plot,
      [skeletonTrace(this.#vertices, placesAt(replay, -1))],
      sceneLayout(this.#room, makeCamera(this.view, this.#room, this.#size), this.#size),
      { displayModeBar: false, responsive: false },
    );
  }

  /** Show a frame, or with -1 nobody; says why when there is nobody to show. */
  draw(frame, reason) {
    setText(this.#message, reason);
    if (frame === this.#shown && !this.#viewChanged) return;
    const [room, size] = [this.#room, this.#size];
    const places = placesAt(this.#replay, frame);
    const { x, y, z } = toLine(this.#vertices, places);
    const change = { x: [x], y: [y], z: [z] };
    const camera = makeCamera(this.view, room, size);
    if (this.#viewChanged) {
      this.#Plotly.update(this.#plot, change, { ...size, "scene.camera": camera }, [0]);
      drawGround(this.#ground.firstChild, camera.eye, room, size);
    } else {
      this.#Plotly.restyle(this.#plot, change, [0]);
    }
    placeSideTags(this.#tags, places, camera.eye, room, size);
    this.#shown = frame;
    this.#viewChanged = false;
  }

  turn(change) {
    Object.assign(this.view, change);
    this.view.elevation = clamp(this.view.elevation, -89, 89);
    this.view.zoom = clamp(this.view.zoom, 0.4, 2.5);
    this.#viewChanged = true;
  }

  turnHome() {
    this.turn(HOME_VIEW);
  }

  resize() {
    this.#size = measure(this.#host);
    this.#viewChanged = true;
  }

  destroy() {
    this.#Plotly.purge(this.#plot);
  }
}

/** The segments as one line with breaks: as few vertices as they allow, for each is paid for in
 * each frame. Right limbs are dashed, as in the charts. */
function makeVertices({ segments, landmarks }) {
  const vertices = [];
  let tip = ""; // where the line ends so far, and on which side's colour
  const draw = ({ from, to, side }, [start, end]) => {
    const goesOn = start === 0 && tip === `${from} ${side}`;
    if (goesOn) vertices.pop();
    else vertices.push({ from, to, side, part: start });
    vertices.push({ from, to, side, part: end }, { side, part: null });
    tip = end === 1 ? `${to} ${side}` : "";
  };
  for (const segment of segments) {
    const isLimb = LIMB.test(landmarks[segment.from]) && LIMB.test(landmarks[segment.to]);
    const parts = segment.side === "right" && isLimb ? DASHES : WHOLE;
    for (const part of parts) draw(segment, part);
  }
  const neck = landmarks.length; // its two ends come behind the landmarks in `placesAt`
  draw({ from: neck, to: neck + 1, side: "middle" }, WHOLE[0]);
  return vertices;
}

function toLine(vertices, places) {
  const line = { x: [], y: [], z: [] };
  for (const { from, to, part } of vertices) {
    const place = part === null ? NOWHERE : between(places[from], places[to], part);
    line.x.push(place[0]);
    line.y.push(place[1]);
    line.z.push(place[2]);
  }
  return line;
}

function between(a, b, part) {
  return [0, 1, 2].map((axis) => a[axis] + part * (b[axis] - a[axis]));
}

/** Where every landmark is in the room, metres; behind them the two ends of the neck. */
function placesAt(replay, frame) {
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
function groundAt(replay, frame) {
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

function landmarkAt(replay, frame, landmark, ground) {
  const k = frame * 99 + landmark * 3;
  const [x, y, z] = replay.world_mm.subarray(k, k + 3);
  if (x === replay.missing) return NOWHERE;
  return [x / 1000, z / 1000, (ground - y) / 1000];
}

/** The box all frames fit into, the same for the whole session, and its size in Plotly's units. */
function makeRoom({ radius, height }) {
  const reach = Math.max(radius, 0.5) * 1.05;
  const top = Math.max(height, 1) * 1.03;
  const bottom = -0.1 * top; // the ground's near edge needs room in the picture
  const across = (2 * reach) / (top - bottom);
  return { reach, bottom, top, aspect: { x: across, y: across, z: 1 } };
}

/** Polar view to Plotly's camera: 0 degrees is the camera's own view, 90 the athlete's left. */
function makeCamera({ azimuth, elevation, zoom }, room, size) {
  const [turn, tilt] = [(azimuth * Math.PI) / 180, (elevation * Math.PI) / 180];
  const half = Math.tan(FIELD_OF_VIEW / 2);
  const fit = Math.max(0.54 / half, (0.5 * room.aspect.x) / (half * (size.width / size.height)));
  const distance = (fit + 0.3 * room.aspect.y) / zoom;
  return {
    eye: {
      x: distance * Math.cos(tilt) * Math.sin(turn),
      y: -distance * Math.cos(tilt) * Math.cos(turn),
      z: distance * Math.sin(tilt),
    },
    center: { x: 0, y: 0, z: 0 },
    up: { x: 0, y: 0, z: 1 },
  };
}

/** Where a place in the room appears, in pixels of the scene; Plotly's own perspective. */
function project([x, y, z], eye, room, size) {
  const { reach, bottom, top, aspect } = room;
  const place = [
    (x / (2 * reach)) * aspect.x - eye.x,
    (y / (2 * reach)) * aspect.y - eye.y,
    (z - bottom) / (top - bottom) - 0.5 - eye.z,
  ];
  const distance = Math.hypot(eye.x, eye.y, eye.z);
  const forward = [-eye.x / distance, -eye.y / distance, -eye.z / distance];
  const level = Math.hypot(forward[0], forward[1]) || 1;
  const right = [forward[1] / level, -forward[0] / level, 0];
  const up = [forward[2] * right[1], -forward[2] * right[0], level];
  const dot = (a) => a[0] * place[0] + a[1] * place[1] + a[2] * place[2];
  const scale = size.height / 2 / (dot(forward) * Math.tan(FIELD_OF_VIEW / 2));
  return [size.width / 2 + dot(right) * scale, size.height / 2 - dot(up) * scale];
}

function skeletonTrace(vertices, places) {
  return {
    type: "scatter3d",
    mode: "lines",
    hoverinfo: "skip",
    ...toLine(vertices, places),
    line: { width: 8, color: vertices.map(({ side }) => SIDE_COLOURS[side]) },
  };
}

/** The ground at the feet, drawn beneath the scene: only a change of view or size touches it, where
 * a second trace would cost every frame. */
function drawGround(path, eye, room, size) {
  const line = (from, to) =>
    [from, to].map((place) => project(place, eye, room, size).map((value) => value.toFixed(1)));
  const edge = 0.85 * room.reach;
  const lines = [];
  for (let i = 0; i <= GROUND_SQUARES; i += 1) {
    const across = edge * ((2 * i) / GROUND_SQUARES - 1);
    lines.push(line([across, -edge, 0], [across, edge, 0]));
    lines.push(line([-edge, across, 0], [edge, across, 0]));
  }
  path.setAttribute("d", lines.map(([from, to]) => `M${from}L${to}`).join(""));
}

function sceneLayout(room, camera, size) {
  const axis = (range) => ({ range, visible: false, autorange: false });
  return {
    ...size,
    margin: { l: 0, r: 0, t: 0, b: 0 },
    paper_bgcolor: "rgba(0,0,0,0)",
    showlegend: false,
    hovermode: false,
    scene: {
      // Plotly puts the camera back at each restyle, so turning is the player's own work.
      dragmode: false,
      hovermode: false,
      camera,
      aspectmode: "manual",
      aspectratio: room.aspect,
      xaxis: axis([-room.reach, room.reach]),
      yaxis: axis([-room.reach, room.reach]),
      zaxis: axis([room.bottom, room.top]),
    },
  };
}

/** Letters at the hands and feet, so that the sides are not told by colour alone. */
function createSideTags(replay) {
  return replay.landmarks.flatMap((name, landmark) => {
    const side = TAGGED_LANDMARKS.exec(name)?.[1];
    if (!side) return [];
    const element = el("span", { class: `pc-tag pc-${side}`, "aria-hidden": "true" });
    element.textContent = SIDE_LETTERS[side];
    return [{ landmark, element }];
  });
}

function placeSideTags(tags, places, eye, room, size) {
  for (const { landmark, element } of tags) {
    const isThere = !Number.isNaN(places[landmark][0]);
    const [x, y] = isThere ? project(places[landmark], eye, room, size) : [-99, -99];
    element.style.transform = `translate(${x.toFixed(1)}px, ${y.toFixed(1)}px)`;
  }
}

/** Drag turns, wheel and pinch come nearer; a swipe up or down still scrolls the page. */
export function listenToTurning(host, skeleton, wake, signal) {
  const pointers = new Map();
  const spread = () => {
    const [a, b] = [...pointers.values()];
    return Math.hypot(a.x - b.x, a.y - b.y);
  };
  const forget = (event) => pointers.delete(event.pointerId);
  const move = (event) => {
    const before = pointers.get(event.pointerId);
    if (!before) return;
    const gap = pointers.size === 2 ? spread() : 0;
    const here = { x: event.clientX, y: event.clientY };
    pointers.set(event.pointerId, here);
    const { azimuth, elevation, zoom } = skeleton.view;
    if (pointers.size === 2) skeleton.turn({ zoom: (zoom * spread()) / Math.max(gap, 1) });
    else
      skeleton.turn({
        azimuth: azimuth - 0.5 * (here.x - before.x),
        elevation: elevation + 0.4 * (here.y - before.y),
      });
    wake();
  };
  const listen = (type, handler, options) =>
    host.addEventListener(type, handler, { signal, ...options });
  listen("pointerdown", (event) => {
    pointers.set(event.pointerId, { x: event.clientX, y: event.clientY });
    host.setPointerCapture(event.pointerId);
  });
  listen("pointermove", move);
  listen("pointerup", forget);
  listen("pointercancel", forget);
  listen("dblclick", () => {
    skeleton.turnHome();
    wake();
  });
  listen(
    "wheel",
    (event) => {
      event.preventDefault();
      skeleton.turn({ zoom: skeleton.view.zoom * Math.exp(-0.0015 * event.deltaY) });
      wake();
    },
    { passive: false },
  );
}
