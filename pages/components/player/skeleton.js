/* The skeleton: one scatter3d trace above a ground grid, with letters, trails and angles on it. */

import { SIDE_COLOURS, SIDE_LETTERS, clamp, drawing, el, measure, setText } from "./page.js";
import { GAZE_FRAMES, headAt, hiddenSegments, hideHead, makeVertices, placesAt, toLine } from "./body.js";
import { HOME_VIEW, clampZoom, makeCamera, makeProjection, makeRoom } from "./camera.js";
import { countTrailFrames, makeMarks } from "./marks.js";

const GHOST_SHARE = 0.45; // of the colour: the ghost
const APART = [
  [50, "#009E73"],
  [150, "#E69F00"],
  [Infinity, "#D7263D"],
]; // of two bodies, in millimetres: up to here, this colour
const GROUND_SQUARES = 6;
const EYE_GROUNDS = 5; // for eyes that look ahead the ground goes on
const FAINT_SHARE = 0.3; // of the colour, for what is likely hidden; Plotly's lines know no opacity
const BESIDE = 0.7; // of the room's half width
const TAGGED_LANDMARKS = /^(left|right)_(index|foot_index)$/;

export class Skeleton {
  /** Where it is looked at from: degrees round the athlete and above the ground, and how near. */
  view = { ...HOME_VIEW };
  /** What leaves a trail, and the angle that is drawn at its joint. */
  marked = { trails: [], angle: null };
  #Plotly;
  #replay;
  #host;
  #plot = el("div", { class: "pc-plot", role: "img", "aria-label": "Skeleton, seen in space" });
  #ground = drawing("");
  #message = el("p", { class: "pc-message", role: "status" });
  #label = el("span", { class: "pc-angle-label" });
  #tags;
  #vertices;
  #room;
  #size;
  #shown = null;
  #hidden = "";
  #isStale = true;
  #hasMarks = false;
  #isRoomNew = false;
  #isBeside = false;
  #isColoured = false;

  constructor(Plotly, replay, host) {
    this.#Plotly = Plotly;
    this.#replay = replay;
    this.#host = host;
    this.#tags = [...createSideTags(replay), ...createNameTags(replay)];
    this.#vertices = makeVertices(replay);
    if (replay.has_ghost) this.#vertices.push(...makeVertices(replay, true));
    this.#room = makeRoom(replay.room);
    this.#ground.classList.add("pc-ground");
    host.append(this.#ground, this.#plot, ...this.#tags.map(({ element }) => element));
    host.append(this.#label, this.#message);
    this.resize();
    this.ready = Plotly.newPlot(
      this.#plot,
      [lineTrace(this.#lineOf(placesAt(replay, -1), -1), this.#colours(-1, ""), 8)],
      sceneLayout(this.#room, makeCamera(this.view, this.#room, this.#size).camera, this.#size),
      { displayModeBar: false, responsive: false },
    );
  }

  /** How many frames before and after the one it shows it draws with. */
  get reach() {
    const [trail, gaze] = [this.marked.trails.length > 0, this.view.isEye];
    const after = gaze ? GAZE_FRAMES : 0;
    return { before: trail ? countTrailFrames(this.#replay) : after, after };
  }

  /** Show a frame, or with -1 nobody; says why when there is nobody to show. */
  draw(frame, reason, value = "") {
    if (reason) setText(this.#message, reason);
    if (frame === this.#shown && !this.#isStale) return;
    const head = this.view.isEye ? headAt(this.#replay, frame) : null;
    const all = this.#shift(placesAt(this.#replay, frame), -1);
    const places = head ? hideHead(this.#replay, all) : all;
    const view = makeCamera(this.view, this.#room, this.#size, head);
    const change = this.#makeChange(frame, places);
    const traces = this.#hasMarks ? [0, 1] : [0];
    const project = makeProjection(view, this.#room, this.#size);
    if (this.#isStale || this.view.isEye) {
      const layout = { ...this.#size, "scene.camera": view.camera };
      if (this.#isRoomNew) Object.assign(layout, roomLayout(this.#room));
      this.#isRoomNew = false;
      setFieldOfView(this.#plot, view.fieldOfView);
      this.#Plotly.update(this.#plot, change, layout, traces);
      drawGround(this.#ground.firstChild, project, this.#room, head ? EYE_GROUNDS : 1);
    } else {
      this.#Plotly.restyle(this.#plot, change, traces);
    }
    if (!reason) setText(this.#message, head ? this.#sayIfOutOfSight(places, project) : "");
    placeTags(this.#tags, places, this.#ghostAt(frame), project);
    this.#placeLabel(places, project, value);
    this.#shown = frame;
    this.#isStale = false;
  }

  /** What Plotly has to change: places always, colours only when something becomes hidden. */
  #makeChange(frame, places) {
    const lines = [this.#lineOf(places, frame)];
    const colours = [];
    const hidden = hiddenSegments(this.#replay, frame);
    if (hidden !== this.#hidden || this.#hasMarks || this.#replay.has_ghost)
      colours.push(this.#colours(frame, hidden));
    this.#hidden = hidden;
    if (this.#hasMarks) {
      const marks = makeMarks(this.#replay, frame, places, this.marked);
      lines.push(marks);
      colours.push(marks.colour);
    }
    const change = {};
    for (const axis of ["x", "y", "z"]) change[axis] = lines.map((line) => line[axis]);
    if (colours.length) change["line.color"] = colours;
    return change;
  }

  /** Whoever looks ahead sees nothing of the body, and an empty picture needs a word. */
  #sayIfOutOfSight(places, project) {
    const { width, height } = this.#size;
    const isInside = ([x, y]) => x > 0 && x < width && y > 0 && y < height;
    return places.map(project).some(isInside) ? "" : "The body is out of the athlete's sight";
  }

  #lineOf(places, frame) {
    return toLine(this.#vertices, places, this.#ghostAt(frame));
  }

  /** Where the ghost is; null where there is none. */
  #ghostAt(frame) {
    if (!this.#replay.has_ghost) return null;
    return this.#shift(placesAt(this.#replay, frame, "ghost_mm"), 1);
  }

  /** Side by side, each body is moved to its own side. */
  #shift(places, way) {
    if (!this.#isBeside) return places;
    const aside = way * BESIDE * this.#replay.room.reach_m;
    return places.map(([x, y, z]) => [x + aside, y, z]);
  }

  #colours(frame, hidden) {
    const faint = hidden.includes("1") ? fadeColours(this.#host, FAINT_SHARE) : SIDE_COLOURS;
    const pale = this.#replay.has_ghost ? fadeColours(this.#host, GHOST_SHARE) : null;
    const apart = this.#isColoured && frame >= 0 ? this.#replay.at(frame).apart_mm : null;
    return this.#vertices.map(({ side, segment, isGhost }) => {
      if (isGhost) return pale[side];
      if (hidden[segment] === "1") return faint[side];
      const known = apart && apart[segment] !== this.#replay.missing && apart[segment];
      return Number.isFinite(known) ? colourOf(known) : SIDE_COLOURS[side];
    });
  }

  /** Put the two bodies into one another or side by side; colour A by how far B is away. */
  compare({ isBeside = this.#isBeside, isColoured = this.#isColoured }) {
    [this.#isBeside, this.#isColoured] = [isBeside, isColoured];
    const { room } = this.#replay;
    const reach_m = room.reach_m * (isBeside ? 1 + BESIDE : 1);
    this.#room = makeRoom({ ...room, reach_m });
    this.#isRoomNew = true;
    this.#isStale = true;
  }

  #placeLabel(places, project, value) {
    const { angle } = this.marked;
    setText(this.#label, angle ? value : "");
    if (!angle) return;
    place(this.#label, project(places[angle.joint[1]]));
  }

  /** Draw trails of these landmarks, and this angle at its joint; null for none. */
  mark(change) {
    Object.assign(this.marked, change);
    const wants = this.marked.trails.length > 0 || this.marked.angle !== null;
    if (wants !== this.#hasMarks) {
      if (wants) this.#Plotly.addTraces(this.#plot, lineTrace({ x: [], y: [], z: [] }, [], 4));
      else this.#Plotly.deleteTraces(this.#plot, 1);
      this.#hasMarks = wants;
    }
    this.#isStale = true;
  }

  turn(change) {
    Object.assign(this.view, change);
    this.view.elevation = clamp(this.view.elevation, -89, 89);
    this.view.zoom = clampZoom(this.view.zoom);
    this.#isStale = true;
  }

  resize() {
    this.#size = measure(this.#host);
    this.#isStale = true;
  }

  /** The scene as pictures to be put one over the other, for saving what is seen. */
  async picture() {
    const { width, height } = this.#size;
    const scene = await this.#Plotly.toImage(this.#plot, { format: "png", width, height, scale: 2 });
    return { scene, ground: this.#ground.firstChild.getAttribute("d"), width, height };
  }

  destroy() {
    this.#Plotly.purge(this.#plot);
  }
}

/** Plotly's own setting for it is not among its options. */
function setFieldOfView(plot, fieldOfView) {
  plot._fullLayout.scene._scene.glplot.fovy = fieldOfView;
}

const colourOf = (apart_mm) => APART.find(([limit]) => apart_mm < limit)[1];

/** The sides' colours, so much of them, mixed with what is behind them. */
function fadeColours(host, share) {
  const behind = getComputedStyle(host).backgroundColor.match(/[\d.]+/g).map(Number);
  const fade = (colour) =>
    [1, 3, 5].map((k, i) => {
      const value = parseInt(colour.slice(k, k + 2), 16);
      return Math.round(share * value + (1 - share) * behind[i]);
    });
  const entries = Object.entries(SIDE_COLOURS);
  return Object.fromEntries(entries.map(([side, colour]) => [side, `rgb(${fade(colour)})`]));
}

function lineTrace({ x, y, z }, color, width) {
  const line = { width, color };
  return { type: "scatter3d", mode: "lines", hoverinfo: "skip", x, y, z, line };
}

/** The ground at the feet, drawn beneath the scene: only a change of view or size touches it, where
 * a second trace would cost every frame. */
function drawGround(path, project, room, times) {
  const edge = 0.85 * room.reach * times;
  const squares = GROUND_SQUARES * times;
  const lines = [];
  for (let i = 0; i <= squares; i += 1) {
    const across = edge * ((2 * i) / squares - 1);
    lines.push(project.line([across, -edge, 0], [across, edge, 0]));
    lines.push(project.line([-edge, across, 0], [edge, across, 0]));
  }
  const text = (point) => point.map((value) => value.toFixed(1));
  const drawn = lines.filter(Boolean).map(([from, to]) => `M${text(from)}L${text(to)}`);
  path.setAttribute("d", drawn.join(""));
}

function roomLayout(room) {
  return {
    "scene.aspectratio": room.aspect,
    "scene.xaxis.range": [-room.reach, room.reach],
    "scene.yaxis.range": [-room.reach, room.reach],
  };
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

/** Of two bodies, which is which: a letter at the head. */
function createNameTags(replay) {
  if (!replay.has_ghost) return [];
  const landmark = replay.landmarks.indexOf("nose");
  return ["a", "b"].map((name) => {
    const element = el("span", { class: `pc-tag pc-name pc-${name}`, "aria-hidden": "true" });
    element.textContent = name.toUpperCase();
    return { landmark, element, isGhost: name === "b" };
  });
}

function placeTags(tags, body, ghost, project) {
  for (const { landmark, element, isGhost } of tags)
    place(element, project((isGhost ? ghost : body)[landmark]));
}

function place(element, [x, y]) {
  const isThere = !Number.isNaN(x);
  element.style.transform = isThere
    ? `translate(${x.toFixed(1)}px, ${y.toFixed(1)}px)`
    : "translate(-99px, -99px)";
}
