/* What can be charted, as the recording lists it: panels of one or two series on one axis. */

/** All panels of a recording, in groups: [[title, [panel, ...]], ...]. */
export function listPanels(replay) {
  const groups = new Map();
  replay.series.forEach((about, row) => {
    const { group, panel: id, title, label, meaning, unit } = about;
    if (!groups.has(group)) groups.set(group, new Map());
    const panels = groups.get(group);
    if (!panels.has(id)) panels.set(id, { id, title, label, meaning, unit, series: [] });
    panels.get(id).series.push(new Series(about, row));
  });
  return [...groups].map(([title, panels]) => [title, [...panels.values()]]);
}

/** One line of a chart; its values are here while it is shown. */
class Series {
  /** NaN where there is none; null while they are not here. */
  values = null;
  /** How far each value may be off; null where that is unknown, or not here yet. */
  errors = null;
  #row;

  constructor({ name, side, unit, joint, zero }, row) {
    Object.assign(this, { name, side, isAngle: unit === "°", joint, zero });
    this.#row = row;
  }

  async load(replay) {
    this.values ??= await replay.readSeries(this.#row);
  }

  async loadErrors(replay) {
    if (this.isAngle) this.errors ??= await replay.readErrors(this.#row);
  }

  forget() {
    this.values = this.errors = null;
  }
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
