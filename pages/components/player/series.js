/* What can be charted, as the recording lists it: panels of one or two series on one axis. */

import { UNKNOWN_ERROR } from "./recording.js";

/** All panels of a recording, in groups: [[title, [panel, ...]], ...]. */
export function listPanels(replay) {
  const groups = new Map();
  replay.series.forEach((about, row) => {
    const { group, panel: id, title, label, meaning, unit } = about;
    if (!groups.has(group)) groups.set(group, new Map());
    const panels = groups.get(group);
    if (!panels.has(id)) panels.set(id, { id, title, label, meaning, unit, series: [] });
    panels.get(id).series.push(new Series(about, row, replay.missing));
  });
  return [...groups].map(([title, panels]) => [title, [...panels.values()]]);
}

/** One line of a chart; its readings are here, as they are packed, while it is shown. */
class Series {
  /** Whether it is known how far the readings may be off. */
  hasErrors = false;
  #steps = null;
  #stepsPerUnit;
  #errorRow;
  #missing;
  #errors = null;
  #row;

  constructor(about, row, missing) {
    const { name, side, letter, joint, zero } = about;
    Object.assign(this, { name, side, letter, joint, zero });
    this.isDashed = about.is_dashed;
    this.isDifference = Boolean(about.is_difference);
    this.isPale = about.is_pale;
    this.#stepsPerUnit = about.steps_per_unit;
    this.#errorRow = about.error_row;
    this.#missing = missing;
    this.#row = row;
  }

  async load(replay) {
    this.#steps ??= await replay.readSeries(this.#row);
  }

  async loadErrors(replay) {
    if (this.#errorRow === null) return;
    this.#errors ??= await replay.readErrors(this.#errorRow);
    this.hasErrors = true;
  }

  forget() {
    this.#steps = this.#errors = null;
    this.hasErrors = false;
  }

  /** Reading of a frame; NaN where there is none. */
  valueAt(frame) {
    const step = this.#steps[frame] ?? this.#missing;
    return step === this.#missing ? NaN : step / this.#stepsPerUnit;
  }

  /** How far it may be off; NaN where that is unknown. */
  errorAt(frame) {
    const error = this.#errors?.[frame] ?? UNKNOWN_ERROR;
    return error === UNKNOWN_ERROR ? NaN : error;
  }

  /** Lowest and highest reading from one frame up to another; null where there is none. */
  findExtent(first = 0, end = this.#steps.length) {
    let [low, high] = [Infinity, -Infinity];
    for (let i = first; i < end; i += 1) {
      const value = this.valueAt(i);
      if (value < low) low = value;
      if (value > high) high = value;
    }
    return low > high ? null : [low, high];
  }
}

/** A value as a person reads it; units other than degrees stand in the panel's title. */
export function formatValue(value, unit, error = NaN) {
  if (Number.isNaN(value)) return "–";
  const text = unit === "°" ? `${Math.round(value)}°` : value.toFixed(2);
  return Number.isNaN(error) ? text : `${text} ± ${Math.round(error)}`;
}
