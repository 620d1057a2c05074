/* The charts: one Plotly figure of panels that share the time axis, drawn only when the stretch of
 * time or the size changes. Cursor and values are elements over it, moved each frame.
 */

import {
  SIDE_COLOURS,
  SIDE_LETTERS,
  clamp,
  el,
  formatTime,
  lastNotAbove,
  measure,
  setText,
} from "./page.js";
import { angleAt } from "./recording.js";

const TITLE_HEIGHT = 24;
const AXIS_HEIGHT = 26;
const MARGIN = { left: 38, right: 10 };
const SHORTEST_STRETCH_S = 0.5;
const TIME_STEPS_S = [0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600];

export class Charts {
  #Plotly;
  #replay;
  #host;
  #plot = el("div", { class: "pc-plot" });
  #cursor = el("div", { class: "pc-cursor" });
  #brush = el("div", { class: "pc-brush" });
  #titles;
  #ranges;
  #whole;
  #stretch;
  #size;
  #cursorAt = null;

  constructor(Plotly, replay, host) {
    this.#Plotly = Plotly;
    this.#replay = replay;
    this.#host = host;
    this.#titles = replay.panels.map(createPanelTitle);
    host.append(this.#plot, ...this.#titles.map(({ element }) => element));
    host.append(this.#brush, this.#cursor);
    this.#ranges = replay.panels.map((panel) => angleRange(replay, panel));
    this.#whole = [0, Math.max(replay.duration_s, 0.1)];
    this.#stretch = this.#whole;
    if (this.#ranges.every((range) => range === null)) this.#sayEmpty();
    this.ready = this.resize();
  }

  /** Nobody all along: one sentence, and no axes without lines. */
  #sayEmpty() {
    const text = "No joint angles: nobody was in view";
    this.#host.classList.add("pc-empty");
    this.#host.append(el("p", { class: "pc-message" }, text));
  }

  get #width() {
    return this.#size.width - MARGIN.left - MARGIN.right;
  }

  get #length_s() {
    return this.#stretch[1] - this.#stretch[0];
  }

  get centre_s() {
    return (this.#stretch[0] + this.#stretch[1]) / 2;
  }

  isShown(time_s) {
    return time_s >= this.#stretch[0] && time_s <= this.#stretch[1];
  }

  timeAt(clientX) {
    const x = clientX - this.#host.getBoundingClientRect().left - MARGIN.left;
    return this.#stretch[0] + clamp(x / this.#width, 0, 1) * this.#length_s;
  }

  #toPixels(time_s) {
    return MARGIN.left + ((time_s - this.#stretch[0]) / this.#length_s) * this.#width;
  }

  moveCursor(time_s) {
    // On whole pixels of the screen: crisp, and nothing to draw until it has really moved.
    const x = Math.round(this.#toPixels(time_s) * devicePixelRatio) / devicePixelRatio;
    if (x === this.#cursorAt) return;
    this.#cursorAt = x;
    this.#cursor.style.transform = `translateX(${x}px)`;
    this.#cursor.style.visibility = this.isShown(time_s) ? "visible" : "hidden";
  }

  /** Write the values of a frame into the panels' titles; -1 has none. */
  read(frame) {
    for (const { row, element } of this.#titles.flatMap(({ values }) => values)) {
      const degrees = angleAt(this.#replay, row, frame);
      setText(element, Number.isNaN(degrees) ? "–" : `${Math.round(degrees)}°`);
    }
  }

  /** Show from start to end; at least half a second, at most the whole session. */
  show(start, end) {
    const longest = this.#whole[1];
    const length = clamp(end - start, Math.min(SHORTEST_STRETCH_S, longest), longest);
    const first = clamp(start, 0, longest - length);
    this.#stretch = [first, first + length];
    return this.#draw();
  }

  showWhole() {
    return this.show(...this.#whole);
  }

  zoom(factor, around_s) {
    const length = this.#length_s / factor;
    const start = around_s - ((around_s - this.#stretch[0]) / this.#length_s) * length;
    return this.show(start, start + length);
  }

  /** Turn the page when the cursor has left it; the zoom is kept. */
  follow(time_s) {
    if (this.isShown(time_s)) return;
    this.show(time_s - 0.05 * this.#length_s, time_s + 0.95 * this.#length_s);
  }

  /** Mark the stretch that is being chosen; without arguments, none. */
  mark(from_s = 0, to_s = from_s) {
    const edges = [this.#toPixels(from_s), this.#toPixels(to_s)];
    this.#brush.style.left = `${Math.min(...edges)}px`;
    this.#brush.style.width = `${Math.abs(edges[1] - edges[0])}px`;
  }

  resize() {
    this.#size = measure(this.#host);
    const height = (this.#size.height - AXIS_HEIGHT) / this.#titles.length;
    this.#titles.forEach(({ element }, i) => {
      element.style.top = `${Math.round(i * height)}px`;
    });
    return this.#draw();
  }

  #draw() {
    this.#cursorAt = null;
    return this.#Plotly.react(
      this.#plot,
      chartTraces(this.#replay, this.#stretch, this.#width),
      chartLayout(this.#ranges, this.#stretch, this.#size),
      { displayModeBar: false, staticPlot: true, responsive: false },
    );
  }

  destroy() {
    this.#Plotly.purge(this.#plot);
  }
}

/** 'Elbow    L 142°  R 96°'; the numbers have room of their own and do not move. */
function createPanelTitle(panel) {
  const element = el("div", { class: "pc-panel-title", title: panel.series[0].meaning });
  element.append(el("span", {}, panel.title));
  const values = panel.series.map(({ row, side, name }) => {
    const value = el("span", { class: "pc-value", "data-angle": name }, "–");
    element.append(el("span", { class: `pc-letter pc-${side}` }, SIDE_LETTERS[side] ?? ""), value);
    return { row, element: value };
  });
  return { element, values };
}

/** Lowest and highest whole tick of a panel, or null when nothing was measured. */
function angleRange(replay, panel) {
  let [low, high] = [Infinity, -Infinity];
  for (const { row } of panel.series) {
    const end = (row + 1) * replay.n_frames;
    for (let i = row * replay.n_frames; i < end; i += 1) {
      const value = replay.angles_ddeg[i];
      if (value === replay.missing) continue;
      if (value < low) low = value;
      if (value > high) high = value;
    }
  }
  if (low > high) return null;
  const step = high - low > 1000 ? 450 : high - low > 450 ? 300 : 150;
  low = Math.floor(low / step) * step;
  high = Math.max(Math.ceil(high / step) * step, low + 2 * step);
  return { low: low / 10, high: high / 10, tick: ((high - low) / step > 3 ? 2 : 1) * (step / 10) };
}

function chartTraces(replay, stretch, width) {
  const [first, last] = framesIn(replay, stretch);
  const isDense = last - first > 2 * Math.max(width, 1);
  const line = (side) => ({
    // Several frames a pixel make a band: thin and pale, so that both sides show through.
    color: SIDE_COLOURS[side] + (isDense ? "73" : ""),
    width: isDense ? 1 : 1.6,
    dash: side === "right" && !isDense ? "5px,3px" : "solid",
  });
  return replay.panels.flatMap((panel, i) =>
    panel.series.map(({ row, side }) => ({
      type: "scatter",
      mode: "lines",
      ...(isDense ? thinOut(replay, row, stretch, width) : allFrames(replay, row, first, last)),
      yaxis: i ? `y${i + 1}` : "y",
      hoverinfo: "skip",
      connectgaps: false,
      line: line(side),
    })),
  );
}

/** First frame of a stretch and the one behind its last; one more at either edge if there is. */
function framesIn({ time_s, n_frames }, [start, end]) {
  const [first, last] = [lastNotAbove(time_s, start), lastNotAbove(time_s, end)];
  return [Math.max(first, 0), Math.min(last + 2, n_frames)];
}

/** Of the frames that share a pixel, the lowest and the highest. */
function thinOut(replay, row, stretch, width) {
  const { time_s } = replay;
  const [start, end] = stretch;
  const [first, last] = framesIn(replay, stretch);
  const n_pixels = Math.max(Math.floor(width), 1);
  const line = { x: [], y: [] };
  const bounds = { low: -1, high: -1 };
  let i = first;
  while (i < last) {
    const begin = i;
    const pixel = Math.floor(((time_s[i] - start) / (end - start)) * n_pixels);
    const until_s = start + ((pixel + 1) / n_pixels) * (end - start);
    do i += 1;
    while (i < last && time_s[i] < until_s);
    findBounds(replay, row, begin, i, bounds);
    if (begin > first && isHoleBefore(replay, begin)) addGap(line, time_s[begin]);
    if (bounds.low < 0) addGap(line, time_s[begin]);
    else {
      addFrame(replay, row, line, Math.min(bounds.low, bounds.high));
      addFrame(replay, row, line, Math.max(bounds.low, bounds.high));
    }
  }
  return line;
}

function allFrames(replay, row, first, last) {
  const line = { x: [], y: [] };
  for (let i = first; i < last; i += 1) {
    if (i > first && isHoleBefore(replay, i)) addGap(line, replay.time_s[i]);
    addFrame(replay, row, line, i);
  }
  return line;
}

/** The frames with the lowest and the highest reading from `begin` to `end`; -1 without any. */
function findBounds(replay, row, begin, end, bounds) {
  const { angles_ddeg, missing, n_frames } = replay;
  const from = row * n_frames;
  bounds.low = bounds.high = -1;
  for (let i = begin; i < end; i += 1) {
    const value = angles_ddeg[from + i];
    if (value === missing) continue;
    if (bounds.low < 0 || value < angles_ddeg[from + bounds.low]) bounds.low = i;
    if (bounds.high < 0 || value > angles_ddeg[from + bounds.high]) bounds.high = i;
  }
}

function isHoleBefore({ time_s, longest_step_s }, frame) {
  return time_s[frame] - time_s[frame - 1] > longest_step_s;
}

function addFrame(replay, row, line, frame) {
  const value = angleAt(replay, row, frame);
  line.x.push(replay.time_s[frame]);
  line.y.push(Number.isNaN(value) ? null : value);
}

function addGap(line, time_s) {
  line.x.push(time_s);
  line.y.push(null);
}

function chartLayout(ranges, stretch, size) {
  const inner = size.height - AXIS_HEIGHT;
  const layout = {
    ...size,
    margin: { l: MARGIN.left, r: MARGIN.right, t: 0, b: AXIS_HEIGHT },
    paper_bgcolor: "rgba(0,0,0,0)",
    plot_bgcolor: "rgba(0,0,0,0)",
    showlegend: false,
    font: { size: 11 },
    xaxis: {
      range: stretch,
      anchor: `y${ranges.length > 1 ? ranges.length : ""}`,
      zeroline: false,
      ticks: "outside",
      ticklen: 5,
      tickcolor: "rgba(0,0,0,0)",
      ...timeTicks(stretch, size.width),
    },
  };
  ranges.forEach((range, i) => {
    const top = (i * inner) / ranges.length + TITLE_HEIGHT;
    const bottom = ((i + 1) * inner) / ranges.length - 8;
    layout[`yaxis${i ? i + 1 : ""}`] = {
      domain: [1 - bottom / inner, 1 - top / inner],
      range: range ? [range.low, range.high] : [0, 180],
      dtick: range ? range.tick : 90,
      tick0: 0,
      ticksuffix: "°",
      zeroline: false,
    };
  });
  return layout;
}

function timeTicks([start, end], width) {
  const wanted = Math.max(Math.floor(width / 80), 2);
  const step = TIME_STEPS_S.find((seconds) => (end - start) / seconds <= wanted) ?? 7200;
  const tickvals = [];
  const first = Math.ceil(start / step - 1e-6);
  for (let k = first; k * step <= end + 1e-6; k += 1) tickvals.push(k * step);
  const ticktext = tickvals.map((seconds) =>
    step < 1 ? formatTime(seconds) : formatTime(seconds).slice(0, -2),
  );
  return { tickvals, ticktext };
}

/** Click or drag seeks; with Shift it marks a stretch to look at; Ctrl and wheel, or pinch,
 * zoom. */
export function listenToCharts(host, charts, actions, signal) {
  let marking = null;
  let isSeeking = false;
  const listen = (type, handler, options) =>
    host.addEventListener(type, handler, { signal, ...options });
  const finish = (event) => {
    if (isSeeking) actions.release();
    if (marking !== null && event.type === "pointerup") {
      const [from, to] = [marking, charts.timeAt(event.clientX)].sort((a, b) => a - b);
      if (to > from) charts.show(from, to);
    }
    charts.mark();
    marking = null;
    isSeeking = false;
    actions.wake();
  };
  listen("pointerdown", (event) => {
    if (event.button !== 0) return;
    host.setPointerCapture(event.pointerId);
    if (event.shiftKey) {
      marking = charts.timeAt(event.clientX);
      return;
    }
    isSeeking = true;
    actions.hold();
    actions.seek(charts.timeAt(event.clientX));
  });
  listen("pointermove", (event) => {
    if (isSeeking) actions.seek(charts.timeAt(event.clientX));
    if (marking !== null) charts.mark(marking, charts.timeAt(event.clientX));
  });
  listen("pointerup", finish);
  listen("pointercancel", finish);
  listen("dblclick", () => {
    charts.showWhole();
    actions.wake();
  });
  listen(
    "wheel",
    (event) => {
      if (!event.ctrlKey && !event.metaKey) return;
      event.preventDefault();
      charts.zoom(Math.exp(-0.004 * event.deltaY), charts.timeAt(event.clientX));
      actions.wake();
    },
    { passive: false },
  );
}
