/* What can be charted: joint angles, speeds of landmarks, height of the centre of mass.
 *
 * A panel holds one or two series on one axis; values are computed when a panel is first shown.
 */

import { groundAt } from "./body.js";

/** Central difference over about a tenth of a second: enough to calm an estimator's jitter. */
const SPEED_REACH_S = 0.05;

const UNKNOWN_ERROR = 255; // as posecore.replay_data packs it

/** All panels a recording allows, in groups: [[title, [panel, ...]], ...]. */
export function listPanels(replay) {
  const centre = {
    id: "com_height",
    title: "Centre of mass, m",
    label: "Height of the centre of mass",
    meaning: "Height of the body's centre of mass above its lowest landmark",
    unit: "m",
    series: [{ name: "com_height", side: "middle", read: () => heights(replay) }],
  };
  return [
    ["Joint angles", anglePanels(replay)],
    ["Speed, seen from the hips", speedPanels(replay)],
    ["Body", [centre]],
  ].map(([title, panels]) => [title, panels.map(remember)]);
}

function remember(panel) {
  const series = panel.series.map((each) => {
    let values = null;
    let errors = null;
    const readErrors = () => (errors ??= each.readErrors?.() ?? null);
    return { ...each, read: () => (values ??= each.read()), readErrors };
  });
  return { ...panel, series };
}

function anglePanels(replay) {
  const panels = new Map();
  replay.angles.forEach((angle, row) => {
    if (!panels.has(angle.group)) {
      const { group, title, meaning } = angle;
      panels.set(group, { id: group, title, label: title, meaning, unit: "°", series: [] });
    }
    const { name, side } = angle;
    const read = () => degrees(replay, row);
    const readErrors = () => replay.errors_deg && expectedErrors(replay, row);
    panels.get(angle.group).series.push({ name, side, angle, read, readErrors });
  });
  return [...panels.values()];
}

function degrees({ angles_ddeg, n_frames, missing }, row) {
  const stored = angles_ddeg.subarray(row * n_frames, (row + 1) * n_frames);
  return Float32Array.from(stored, (value) => (value === missing ? NaN : value / 10));
}

/** How far each reading may be off, degrees. */
function expectedErrors({ errors_deg, n_frames }, row) {
  const stored = errors_deg.subarray(row * n_frames, (row + 1) * n_frames);
  return Float32Array.from(stored, (value) => (value === UNKNOWN_ERROR ? NaN : value));
}

function speedPanels(replay) {
  const panels = new Map();
  replay.landmarks.forEach((name, landmark) => {
    const side = /left|right/.exec(name)?.[0] ?? "middle";
    const part = name.replace(/_?(left|right)_?/, "");
    const label = part[0].toUpperCase() + part.slice(1).replaceAll("_", " ");
    const id = `speed_${part}`;
    if (!panels.has(id)) {
      panels.set(id, {
        id,
        title: `${label} speed, m/s`,
        label,
        meaning: "How fast it moves as seen from the hips, which stand still in these landmarks",
        unit: "m/s",
        series: [],
      });
    }
    const read = () => speeds(replay, landmark);
    panels.get(id).series.push({ name: `${name}_speed`, side, read });
  });
  return [...panels.values()];
}

function speeds({ world_mm, time_s, n_frames, missing, step_s, longest_step_s }, landmark) {
  const reach = Math.max(1, Math.round(SPEED_REACH_S / (step_s || 1)));
  return Float32Array.from({ length: n_frames }, (_, i) => {
    const [from, to] = [Math.max(i - reach, 0), Math.min(i + reach, n_frames - 1)];
    const [a, b] = [from * 99 + landmark * 3, to * 99 + landmark * 3];
    const elapsed_s = time_s[to] - time_s[from];
    const isHole = elapsed_s > Math.max(longest_step_s, 4 * reach * step_s);
    if (from === to || isHole || world_mm[a] === missing || world_mm[b] === missing) return NaN;
    const way = [0, 1, 2].map((axis) => world_mm[b + axis] - world_mm[a + axis]);
    return Math.hypot(...way) / 1000 / elapsed_s;
  });
}

function heights(replay) {
  return Float32Array.from({ length: replay.n_frames }, (_, frame) => {
    const centre = centreOfMass(replay, frame);
    return (groundAt(replay, frame) - centre[1]) / 1000;
  });
}

/** Centre of mass in millimetres, in the landmarks' own frame; NaN where a part is missing. */
export function centreOfMass({ world_mm, mass_shares, missing }, frame) {
  const centre = [0, 0, 0];
  for (let landmark = 0; landmark < mass_shares.length; landmark += 1) {
    const share = mass_shares[landmark];
    if (!share) continue;
    const k = frame * 99 + landmark * 3;
    if (world_mm[k] === missing) return [NaN, NaN, NaN];
    for (let axis = 0; axis < 3; axis += 1) centre[axis] += share * world_mm[k + axis];
  }
  return centre;
}

/** Lowest and highest value from one frame up to another; null where there is none. */
export function findExtent(values, first = 0, end = values.length) {
  let [low, high] = [Infinity, -Infinity];
  for (let i = first; i < end; i += 1) {
    if (values[i] < low) low = values[i];
    if (values[i] > high) high = values[i];
  }
  return low > high ? null : [low, high];
}

/** A value as a person reads it; units other than degrees stand in the panel's title. */
export function formatValue(value, unit, error = NaN) {
  if (Number.isNaN(value)) return "–";
  const text = unit === "°" ? `${Math.round(value)}°` : value.toFixed(2);
  return Number.isNaN(error) ? text : `${text} ± ${Math.round(error)}`;
}
