/* The charts' drawing as Plotly gets it: lines of two sides on shared time, range of motion shaded. */

import { SIDE_COLOURS, formatTime, lastNotAbove } from "./page.js";
import { isHoleBefore } from "./recording.js";

export const MARGIN = { left: 38, right: 10 };
export const AXIS_HEIGHT = 26;
const TITLE_HEIGHT = 24;
const TIME_STEPS_S = [0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600];
const DEGREE_STEPS = [15, 30, 45];
const PALE = "80"; // of 255
const GOAL_COLOUR = "#009E73";
const SHADE = { left: "#0072B21F", right: "#D55E001F", middle: "#8A8F981F" };

/** Range and ticks of a panel's axis from what its series hold; null when nothing was measured. */
export function findAxis({ series, unit }) {
  const extents = series.map((each) => each.findExtent()).filter(Boolean);
  if (!extents.length) return null;
  const lowest = Math.min(...extents.map(([low]) => low));
  const highest = Math.max(...extents.map(([, high]) => high));
  if (series.some(({ isDifference }) => isDifference)) return findEvenAxis(lowest, highest, unit);
  const step = findStep(highest - lowest, unit);
  const low = Math.floor(lowest / step) * step;
  const high = Math.max(Math.ceil(highest / step) * step, low + 2 * step);
  return { low, high, tick: ((high - low) / step > 3 ? 2 : 1) * step, unit };
}

/** As far up as down, so that what does not differ lies in the middle. */
function findEvenAxis(lowest, highest, unit) {
  const reach = Math.max(-lowest, highest, 2 * DEGREE_STEPS[0]);
  const high = Math.ceil(reach / DEGREE_STEPS[0]) * DEGREE_STEPS[0];
  return { low: -high, high, tick: high, unit };
}

function findStep(extent, unit) {
  if (unit === "°") return DEGREE_STEPS.find((step) => extent <= 3 * step) ?? 45;
  const rough = Math.max(extent, 0.01) / 3;
  const power = 10 ** Math.floor(Math.log10(rough));
  return [1, 2, 5, 10].find((step) => step * power >= rough) * power;
}

export function chartTraces(replay, panels, stretch, width) {
  const [first, last] = framesIn(replay, stretch);
  const isDense = last - first > 2 * Math.max(width, 1);
  const line = ({ side, isPale, isDashed }) => ({
    // Several frames a pixel make a band: thin and pale, so that both lines show through.
    color: SIDE_COLOURS[side] + (isDense || isPale ? PALE : ""),
    width: isDense ? 1 : 1.6,
    dash: isDashed && !isDense ? "5px,3px" : "solid",
  });
  const readLine = (series) =>
    isDense ? thinOut(replay, series, stretch, width) : allFrames(replay, series, first, last);
  return panels.flatMap((panel, i) => {
    const shared = { type: "scatter", mode: "lines", hoverinfo: "skip", yaxis: axisName(i) };
    const bands = panel.series
      .filter(({ hasErrors }) => hasErrors && !isDense)
      .map((series) => bandTrace(replay, series, first, last, shared));
    const lines = panel.series.map((series) => {
      return { ...shared, ...readLine(series), connectgaps: false, line: line(series) };
    });
    return [...bands, ...lines];
  });
}

/** How far each reading may be off, either way: one outline round each part without a gap. */
function bandTrace(replay, series, first, last, shared) {
  const outline = { x: [], y: [] };
  const isKnown = (i) => i < last && !Number.isNaN(series.valueAt(i) + series.errorAt(i));
  let i = first;
  while (i < last) {
    const begin = i;
    while (isKnown(i) && (i === begin || !isHoleBefore(replay, i))) i += 1;
    const add = (k, error) => addPoint(outline, replay.time_s[k], series.valueAt(k) + error);
    for (let k = begin; k < i; k += 1) add(k, series.errorAt(k));
    for (let k = i - 1; k >= begin; k -= 1) add(k, -series.errorAt(k));
    if (i > begin) addPoint(outline, replay.time_s[i - 1], NaN);
    else i += 1;
  }
  const fill = { fill: "toself", fillcolor: SHADE[series.side], line: { width: 0 } };
  return { ...shared, ...outline, ...fill };
}

const axisName = (i) => (i ? `y${i + 1}` : "y");

/** First frame of a stretch and the one behind its last; one more at either edge if there is. */
function framesIn({ time_s, n_frames }, [start, end]) {
  const [first, last] = [lastNotAbove(time_s, start), lastNotAbove(time_s, end)];
  return [Math.max(first, 0), Math.min(last + 2, n_frames)];
}

/** Of the frames that share a pixel, the lowest and the highest. */
function thinOut(replay, series, stretch, width) {
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
    findBounds(series, begin, i, bounds);
    if (begin > first && isHoleBefore(replay, begin)) addPoint(line, time_s[begin], NaN);
    if (bounds.low < 0) addPoint(line, time_s[begin], NaN);
    else {
      const pair = [bounds.low, bounds.high].sort((a, b) => a - b);
      for (const frame of pair) addPoint(line, time_s[frame], series.valueAt(frame));
    }
  }
  return line;
}

function allFrames(replay, series, first, last) {
  const line = { x: [], y: [] };
  for (let i = first; i < last; i += 1) {
    if (i > first && isHoleBefore(replay, i)) addPoint(line, replay.time_s[i], NaN);
    addPoint(line, replay.time_s[i], series.valueAt(i));
  }
  return line;
}

/** The frames with the lowest and the highest reading from `begin` to `end`; -1 without any. */
function findBounds(series, begin, end, bounds) {
  bounds.low = bounds.high = -1;
  for (let i = begin; i < end; i += 1) {
    const value = series.valueAt(i);
    if (Number.isNaN(value)) continue;
    if (bounds.low < 0 || value < series.valueAt(bounds.low)) bounds.low = i;
    if (bounds.high < 0 || value > series.valueAt(bounds.high)) bounds.high = i;
  }
}

/** A missing value is a gap: Plotly breaks its line at null. */
function addPoint(line, time_s, value) {
  line.x.push(time_s);
  line.y.push(Number.isNaN(value) ? null : value);
}

export function chartLayout(panels, axes, extents, stretch, size, goals) {
  const inner = size.height - AXIS_HEIGHT;
  const layout = {
    ...size,
    margin: { l: MARGIN.left, r: MARGIN.right, t: 0, b: AXIS_HEIGHT },
    paper_bgcolor: "rgba(0,0,0,0)",
    plot_bgcolor: "rgba(0,0,0,0)",
    showlegend: false,
    font: { size: 11 },
    shapes: panels.flatMap((panel, i) => [
      ...shadeRanges(panel, extents[i], axisName(i)),
      ...shadeGoals(panel, goals, axes[i], axisName(i)),
    ]),
    xaxis: {
      range: stretch,
      anchor: axisName(Math.max(panels.length - 1, 0)),
      zeroline: false,
      ticks: "outside",
      ticklen: 5,
      tickcolor: "rgba(0,0,0,0)",
      ...timeTicks(stretch, size.width),
    },
  };
  axes.forEach((axis, i) => {
    const top = (i * inner) / axes.length + TITLE_HEIGHT;
    const bottom = ((i + 1) * inner) / axes.length - 8;
    layout[`yaxis${i ? i + 1 : ""}`] = {
      domain: [1 - bottom / inner, 1 - top / inner],
      range: axis ? [axis.low, axis.high] : [0, 180],
      dtick: axis ? axis.tick : 90,
      tick0: axis ? axis.low : 0,
      ticksuffix: axis?.unit === "°" ? "°" : "",
      zeroline: false,
    };
  });
  return layout;
}

/** The range of motion of each side, from its lowest to its highest reading; a difference has none. */
function shadeRanges({ series }, extents, yref) {
  return series.flatMap(({ side, isDifference }, k) => {
    if (!extents[k] || isDifference) return [];
    const [y0, y1] = extents[k];
    const place = { xref: "paper", x0: 0, x1: 1, yref, y0, y1 };
    return [{ type: "rect", layer: "below", line: { width: 0 }, fillcolor: SHADE[side], ...place }];
  });
}

/** Each goal's zone, as far as the axis shows it: a green band between dotted lines. */
function shadeGoals({ series }, goals, axis, yref) {
  if (!axis) return [];
  const names = series.filter(({ isDifference }) => !isDifference).map(({ name }) => name);
  return goals.filter(({ angle }) => names.includes(angle)).flatMap(({ low, high }) => {
    const shared = { layer: "below", xref: "paper", x0: 0, x1: 1, yref };
    const [y0, y1] = [Math.max(low ?? axis.low, axis.low), Math.min(high ?? axis.high, axis.high)];
    if (y0 > y1) return []; // all readings are far from it
    const border = { color: GOAL_COLOUR, width: 1.2, dash: "dot" };
    const limits = [low, high].filter((limit) => limit !== null && limit >= axis.low && limit <= axis.high);
    const band = { ...shared, type: "rect", y0, y1, line: { width: 0 }, fillcolor: `${GOAL_COLOUR}1A` };
    return [band, ...limits.map((y) => ({ ...shared, type: "line", y0: y, y1: y, line: border }))];
  });
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
