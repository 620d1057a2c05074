/* The charts: one Plotly figure of panels that share the time axis, drawn only when the stretch of
 * time, the choice of panels or the size changes. Cursor and values are elements over it, moved
 * each frame.
 */

import { button, clamp, el, formatTime, measure, setText } from "./page.js";
import { AXIS_HEIGHT, MARGIN, chartLayout, chartTraces, findAxis } from "./plot.js";
import { nearestFrame } from "./recording.js";
import { formatValue, listPanels } from "./series.js";

const SHORTEST_STRETCH_S = 0.5;

export class Charts {
  /** The angle that is drawn at its joint; null for none. */
  selected = null;
  /** Whether a drag marks a loop instead of seeking. */
  isBrushing = false;
  /** Zones of goals, each {angle, low, high}; null is open. */
  goals = [];
  /** Every panel there is, in groups. */
  groups;
  #Plotly;
  #replay;
  #host;
  #plot = el("div", { class: "pc-plot", role: "img", "aria-label": "Charts over time" });
  #cursor = el("div", { class: "pc-cursor" });
  #brush = el("div", { class: "pc-brush" });
  #loop = el("div", { class: "pc-brush pc-loop" });
  #pointer = el("div", { class: "pc-pointer", hidden: "" });
  #wanted = [];
  #panels = [];
  #hasErrors = false;
  #titles = [];
  #axes = [];
  #extents = [];
  #whole;
  #stretch;
  #range = null;
  #size;
  #cursorAt = null;
  #select;

  /** `select` is called with an angle when its reading is pressed, or with null. */
  constructor(Plotly, replay, host, select) {
    this.#Plotly = Plotly;
    this.#replay = replay;
    this.#host = host;
    this.#select = select;
    this.groups = listPanels(replay);
    this.#whole = [0, Math.max(replay.duration_s, 0.1)];
    this.#stretch = this.#whole;
    host.append(this.#plot, this.#loop, this.#brush, this.#pointer, this.#cursor);
    this.#size = measure(host);
  }

  get ids() {
    return this.#wanted.map(({ id }) => id);
  }

  /** All that can be shown. */
  listIds() {
    return this.groups.flatMap(([, panels]) => panels.map(({ id }) => id));
  }

  /** What the lines are. */
  get keys() {
    return this.#replay.keys;
  }

  /** The panels one sees without having chosen any. */
  get usualIds() {
    return this.#replay.usual;
  }

  /** Show these panels, in the order of the list; unknown names are passed over. */
  async setPanels(ids) {
    const all = this.groups.flatMap(([, panels]) => panels);
    const wanted = all.filter(({ id }) => ids.includes(id));
    this.#wanted = wanted.length ? wanted : all.filter(({ id }) => this.usualIds.includes(id));
    const next = this.#wanted;
    await this.#load(next);
    if (this.#wanted !== next) return null; // others were chosen meanwhile
    for (const panel of this.#panels)
      if (!next.includes(panel)) panel.series.forEach((series) => series.forget());
    this.#panels = next;
    return this.#build();
  }

  /** Read the values of these panels, and how far they may be off. */
  async #load(panels) {
    const series = panels.flatMap((panel) => panel.series);
    await Promise.all(series.map((each) => each.load(this.#replay)));
    // Without its errors a reading is still worth seeing.
    if (this.#hasErrors)
      await Promise.allSettled(series.map((each) => each.loadErrors(this.#replay)));
  }

  /** Show how far each reading may be off, from now on: it takes longer than the readings. */
  async addErrors() {
    this.#hasErrors = true;
    await this.#load(this.#wanted);
    return this.resize();
  }

  #build() {
    for (const { element } of this.#titles) element.remove();
    this.#titles = this.#panels.map((panel) => this.#createTitle(panel));
    this.#cursor.before(...this.#titles.map(({ element }) => element));
    this.#axes = this.#panels.map(findAxis);
    this.#host.style.setProperty("--pc-panels", this.#panels.length);
    const shown = this.#panels.flatMap(({ series }) => series.map(({ name }) => name));
    this.#choose(shown.includes(this.selected?.name) ? this.selected : null);
    this.#sayIfEmpty();
    this.#measureRanges();
    return this.resize();
  }

  /** 'Elbow    L 142°  0–150°'; the numbers have room of their own and do not move. */
  #createTitle(panel) {
    const element = el("div", { class: "pc-panel-title" });
    element.append(el("span", { title: panel.meaning }, panel.title));
    const values = panel.series.map((series) => {
      const value = el("span", { class: "pc-value", "data-angle": series.name }, "–");
      const range = el("span", { class: "pc-range", title: "Lowest and highest" });
      const letter = el("span", { class: `pc-letter pc-${series.side}` });
      letter.textContent = series.letter;
      const reading = el("span", { class: "pc-reading" }, letter, value, range);
      element.append(series.joint ? this.#makePressable(reading, panel, series) : reading);
      return { series, unit: panel.unit, element: value, range };
    });
    return { element, values };
  }

  #makePressable(reading, { title }, angle) {
    const { name, side } = angle;
    const label = `Draw the angle at the ${side} ${title.toLowerCase()}`;
    const attributes = { class: "pc-reading", title: label, "data-name": name };
    const press = () => this.#choose(this.selected?.name === name ? null : angle);
    const spoken = el("span", { class: "pc-unseen" }, `${side} ${title}`);
    const element = button(spoken, attributes, press);
    element.append(...reading.childNodes);
    element.addEventListener("pointerdown", (event) => event.stopPropagation());
    return element;
  }

  #choose(angle) {
    this.selected = angle;
    for (const each of this.#host.querySelectorAll("button.pc-reading"))
      each.setAttribute("aria-pressed", String(each.dataset.name === angle?.name));
    this.#select(angle);
  }

  /** Nobody all along: one sentence, and no axes without lines. */
  #sayIfEmpty() {
    const isEmpty = this.#axes.every((axis) => axis === null);
    this.#host.classList.toggle("pc-empty", isEmpty);
    const message = this.#host.querySelector(".pc-message");
    if (!isEmpty) message?.remove();
    else if (!message) {
      const text = "No joint angles: nobody was in view";
      this.#host.append(el("p", { class: "pc-message" }, text));
    }
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

  get stretch() {
    return this.#stretch;
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
    for (const { series, unit, element } of this.#titles.flatMap(({ values }) => values)) {
      const value = frame < 0 ? NaN : series.valueAt(frame);
      setText(element, formatValue(value, unit, series.errorAt(frame)));
    }
  }

  /** Reading of one series that is charted, and how far it may be off. */
  valueOf(name, frame) {
    const shown = this.#panels.flatMap(({ series }) => series);
    const series = shown.find((each) => each.name === name);
    return { value: series.valueAt(frame), error: series.errorAt(frame) };
  }

  /** Time and values where the mouse points; null when it has left. */
  point(time_s) {
    this.#pointer.hidden = time_s === null;
    if (time_s === null) return;
    const frame = nearestFrame(this.#replay, time_s);
    const x = this.#toPixels(time_s);
    this.#pointer.style.transform = `translateX(${x.toFixed(1)}px)`;
    this.#pointer.classList.toggle("pc-flipped", x > this.#size.width / 2);
    const height = (this.#size.height - AXIS_HEIGHT) / this.#panels.length;
    const values = this.#panels.map((panel, i) => {
      const readings = panel.series.map((each) =>
        `${each.letter} ${formatValue(each.valueAt(frame), panel.unit)}`.trim(),
      );
      const note = el("span", { class: "pc-pointed" }, readings.join("  "));
      note.style.top = `${Math.round((i + 0.5) * height)}px`;
      return note;
    });
    const moment = el("span", { class: "pc-pointed pc-moment" }, formatTime(time_s));
    this.#pointer.replaceChildren(moment, ...values);
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
    this.#place(this.#brush, [from_s, to_s]);
  }

  /** Mark the loop, and measure the range of motion in it alone; null for the whole session. */
  setLoop(loop) {
    this.#range = loop;
    this.#measureRanges();
    return this.#draw();
  }

  #measureRanges() {
    const { time_s, n_frames } = this.#replay;
    const [first, end] = this.#range
      ? [nearestFrame(this.#replay, this.#range[0]), nearestFrame(this.#replay, this.#range[1]) + 1]
      : [0, n_frames];
    this.#extents = this.#panels.map(({ series }) =>
      series.map((each) => each.findExtent(time_s.length ? first : 0, end)),
    );
    this.#titles.forEach(({ values }, i) =>
      values.forEach(({ range, unit }, k) => setText(range, describeExtent(this.#extents[i][k], unit))),
    );
  }

  #place(element, [from, to]) {
    const edges = [from, to].map((s) => clamp(this.#toPixels(s), MARGIN.left, MARGIN.left + this.#width));
    element.style.left = `${Math.min(...edges)}px`;
    element.style.width = `${Math.abs(edges[1] - edges[0])}px`;
  }

  resize() {
    this.#size = measure(this.#host);
    const height = (this.#size.height - AXIS_HEIGHT) / (this.#titles.length || 1);
    this.#titles.forEach(({ element }, i) => {
      element.style.top = `${Math.round(i * height)}px`;
    });
    return this.#draw();
  }

  #draw() {
    if (!this.#panels.length) return null; // none of them has come yet
    this.#cursorAt = null;
    this.#place(this.#loop, this.#range ?? [0, 0]);
    return this.#Plotly.react(
      this.#plot,
      chartTraces(this.#replay, this.#panels, this.#stretch, this.#width),
      chartLayout(this.#panels, this.#axes, this.#extents, this.#stretch, this.#size, this.goals),
      { displayModeBar: false, staticPlot: true, responsive: false },
    );
  }

  /** The charts as a picture with their titles: the address of a file in "svg" or "png". */
  picture(format) {
    const { width, height } = this.#size;
    const style = getComputedStyle(this.#host);
    const { color } = style;
    const paper_bgcolor = style.getPropertyValue("--st-background-color") || "#fff";
    const panelHeight = (height - AXIS_HEIGHT) / this.#panels.length;
    const annotations = this.#titles.map(({ element, values }, i) => ({
      text: describeTitle(element.firstChild.textContent, values),
      showarrow: false,
      xref: "paper",
      x: 0,
      xanchor: "left",
      yref: "paper",
      y: 1 - (i * panelHeight) / (height - AXIS_HEIGHT),
      yanchor: "top",
      font: { color, size: 13 },
    }));
    const font = { ...this.#plot.layout.font, color };
    const layout = { ...this.#plot.layout, width, height, annotations, font, paper_bgcolor };
    const figure = { data: this.#plot.data, layout };
    return this.#Plotly.toImage(figure, { format, width, height, scale: format === "png" ? 2 : 1 });
  }

  destroy() {
    this.#Plotly.purge(this.#plot);
  }
}

/** 'Elbow   L 20–62   R 5–66'; what stands in it is shown as text. */
function describeTitle(title, values) {
  const ranges = values.map(({ series, range }) => `${series.letter} ${range.textContent}`.trim());
  const text = [title, ...ranges].join("   ");
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
}

function describeExtent(extent, unit) {
  if (!extent) return "";
  const [low, high] = extent.map((value) => (unit === "°" ? Math.round(value) : value.toFixed(2)));
  return `${low}–${high}`;
}
