/* Where the skeleton is looked at from, and where a place in the room appears then. */

import { clamp, el } from "./page.js";
import { between, cross, dot, normalise, subtract } from "./body.js";

const FIELD_OF_VIEW = Math.PI / 4; // Plotly's
/** A person sees about 60 degrees up and 75 down from where the eyes point. */
const EYE_FIELD_OF_VIEW = (135 * Math.PI) / 180;
const EYE_TILT = (7.5 * Math.PI) / 180;
const NEAREST = 0.02;
const STEEPEST = (80 * Math.PI) / 180;
export const HOME_VIEW = { azimuth: -28, elevation: 10, zoom: 1, isEye: false };
export const VIEWS = [
  ["Front", "as the camera saw it", { azimuth: 0, elevation: 2 }],
  ["Left", "from the athlete's left", { azimuth: 90, elevation: 2 }],
  ["Right", "from the athlete's right", { azimuth: -90, elevation: 2 }],
  ["Back", "from behind the athlete", { azimuth: 180, elevation: 2 }],
  ["Top", "from above", { azimuth: 0, elevation: 89 }],
  ["Eyes", "through the athlete's own eyes", { azimuth: 180, elevation: 10, isEye: true }],
];

/** The box all frames fit into, the same for the whole session, and its size in Plotly's units. */
export function makeRoom({ reach_m: reach, bottom_m: bottom, top_m: top }) {
  const across = (2 * reach) / (top - bottom);
  return { reach, bottom, top, aspect: { x: across, y: across, z: 1 } };
}

/** Metres to Plotly's units, in which the room is one high and its middle is the origin. */
function toScene([x, y, z], { bottom, top }) {
  const height = top - bottom;
  return [x / height, y / height, (z - bottom) / height - 0.5];
}

/** Plotly's camera for a view: 0 degrees is the camera's own view, 90 the athlete's left. `head` is
 * what `headAt` returns; without one the eyes' view is that from behind. */
export function makeCamera(view, room, size, head) {
  const isEye = view.isEye && head;
  const { eye, centre } = isEye
    ? lookAhead(head, room)
    : { eye: goRound(view, room, size), centre: [0, 0, 0] };
  const named = ([x, y, z]) => ({ x, y, z });
  const fieldOfView = isEye ? Math.min(EYE_FIELD_OF_VIEW / view.zoom, 2.5) : FIELD_OF_VIEW;
  const up = { x: 0, y: 0, z: 1 };
  return { camera: { eye: named(eye), center: named(centre), up }, fieldOfView };
}

function goRound({ azimuth, elevation, zoom }, room, size) {
  const [turn, tilt] = [(azimuth * Math.PI) / 180, (elevation * Math.PI) / 180];
  const half = Math.tan(FIELD_OF_VIEW / 2);
  const fit = Math.max(0.54 / half, (0.5 * room.aspect.x) / (half * (size.width / size.height)));
  const distance = (fit + 0.3 * room.aspect.y) / zoom;
  return [
    distance * Math.cos(tilt) * Math.sin(turn),
    -distance * Math.cos(tilt) * Math.cos(turn),
    distance * Math.sin(tilt),
  ];
}

function lookAhead({ eyes, gaze }, room) {
  const tilt = Math.max(gaze.tilt - EYE_TILT, -STEEPEST);
  const level = gaze.level.map((value) => value * Math.cos(tilt));
  const ahead = [...level, Math.sin(tilt)].map((value, axis) => eyes[axis] + value);
  return { eye: toScene(eyes, room), centre: toScene(ahead, room) };
}

/** A function from a place in the room to pixels of the scene; Plotly's own perspective.
 * Its `line` cuts off what lies behind the camera. */
export function makeProjection({ camera: { eye, center }, fieldOfView }, room, size) {
  const from = [eye.x, eye.y, eye.z];
  const forward = normalise(subtract([center.x, center.y, center.z], from));
  const right = normalise([forward[1], -forward[0], 0]);
  const up = cross(right, forward);
  const scale = size.height / 2 / Math.tan(fieldOfView / 2);
  const depthOf = (place) => dot(forward, subtract(toScene(place, room), from));
  const project = (place) => {
    const there = subtract(toScene(place, room), from);
    const depth = dot(forward, there);
    if (!(depth > NEAREST)) return [NaN, NaN];
    const [x, y] = [dot(right, there) / depth, dot(up, there) / depth];
    return [size.width / 2 + x * scale, size.height / 2 - y * scale];
  };
  project.line = (a, b) => {
    const [near, far] = [depthOf(a), depthOf(b)];
    if (near < 2 * NEAREST && far < 2 * NEAREST) return null;
    const cut = (2 * NEAREST - near) / (far - near);
    if (near < 2 * NEAREST) return [between(a, b, cut), b].map(project);
    if (far < 2 * NEAREST) return [a, between(a, b, cut)].map(project);
    return [a, b].map(project);
  };
  return project;
}

/** The row of buttons that say where to look from. */
export function createViewBar(skeleton, wake, signal) {
  const bar = el("div", { class: "pc-bar", role: "group", "aria-label": "View" });
  for (const [text, place, view] of VIEWS) {
    const button = el("button", { type: "button", title: `Look ${place}` }, text);
    const turn = () => {
      skeleton.turn({ isEye: false, ...view, zoom: 1 });
      wake();
    };
    button.addEventListener("click", turn, { signal });
    bar.append(button);
  }
  return bar;
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
        isEye: false,
      });
    wake();
  };
  const listen = (type, handler, options) =>
    host.addEventListener(type, handler, { signal, ...options });
  listen("pointerdown", (event) => {
    if (event.target.closest("button, summary, label, input")) return;
    pointers.set(event.pointerId, { x: event.clientX, y: event.clientY });
    host.setPointerCapture(event.pointerId);
  });
  listen("pointermove", move);
  listen("pointerup", forget);
  listen("pointercancel", forget);
  listen("dblclick", () => {
    skeleton.turn(HOME_VIEW);
    wake();
  });
  listen(
    "wheel",
    (event) => {
      event.preventDefault();
      skeleton.turn({ zoom: clampZoom(skeleton.view.zoom * Math.exp(-0.0015 * event.deltaY)) });
      wake();
    },
    { passive: false },
  );
}

export const clampZoom = (zoom) => clamp(zoom, 0.4, 2.5);
