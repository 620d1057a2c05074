/* The replay player: one clock that moves the skeleton, the video, the charts and the slider.
 *
 * Everything happens here in the browser; nothing is asked of the server while a session plays.
 * What it shows at the moment stands in the root's data attributes.
 */

import { createViewBar, listenToTurning } from "./camera.js";
import { createChartBar, listenToCharts } from "./chart_controls.js";
import { Charts } from "./charts.js";
import { Clock, SPEEDS } from "./clock.js";
import { FollowingVideo } from "./following_video.js";
import { createGhostBar } from "./ghost.js";
import { createHelp, listenToKeys } from "./keys.js";
import { listTrails } from "./marks.js";
import { Notes } from "./notes.js";
import { clamp, createChoices, createMenu, el, formatTime, setText } from "./page.js";
import { isSeen } from "./recording.js";
import { formatValue } from "./series.js";
import { Skeleton } from "./skeleton.js";
import { createTakeaway } from "./takeaway.js";
import { Transport } from "./transport.js";
import { VideoPane } from "./video.js";

/** Numbers that change faster cannot be read; in play they wait, at rest they are exact. */
const READING_MS = 80;
/** Landmarks that take longer to come are waited for with a word, and not with the last ones. */
const PATIENCE_MS = 250;
/** While it plays, so much is read ahead at once, as soon as less than the lower of it is here. */
const AHEAD_FRAMES = [128, 512];
/** A link to the end may name it a little later than it is. */
const PAST_END_S = 0.1;

export class Player {
  #root;
  #replay;
  #address;
  #clock;
  #skeleton;
  #charts;
  #video = null;
  #followers = [];
  #transport;
  #notes;
  #help;
  #notice = el("p", { class: "pc-quiet pc-notice", role: "status" });
  #lifetime = new AbortController();
  #request = 0;
  #waitingSince = null;
  #hasComplained = false;
  #lastReading = 0;
  #lastLoop = null;

  /** Build the player into `root`.
   *
   * `around` has Plotly; `address`, which reads and notes what is shown; `notes` and `saveNote`;
   * `goals`, the zones that are drawn into the charts of their angles;
   * `video`, its address or null, or `videos` of two, as [name, address]; `takeaway` with title, name and addresses.
   */
  constructor(root, replay, around) {
    this.#root = root;
    this.#replay = replay;
    replay.onArrival = () => this.#arrive();
    replay.onFailure = (error) => this.#complain(error);
    this.#address = around.address;
    this.#clock = new Clock(replay);
    const { signal } = this.#lifetime;
    const actions = this.#makeActions();
    const scene = el("div", { class: "pc-scene" });
    const panels = el("div", { class: "pc-charts" });
    const left = el("div", { class: "pc-left" }, scene);
    const right = el("div", { class: "pc-right" }, panels);
    this.#transport = new Transport(replay, actions, signal);
    this.#notes = new Notes(actions, around.saveNote, replay.duration_s, signal);
    this.#help = createHelp(signal);
    const grid = el("div", { class: "pc-grid" }, left, right, this.#transport.element);
    grid.append(this.#notes.element);
    if (around.video) grid.append(this.#createVideo(around.video, actions));
    if (around.videos) grid.append(this.#createFollowers(around.videos, actions));
    root.replaceChildren(this.#notice, grid, this.#help);
    root.tabIndex = -1;
    root.dataset.frameCount = String(replay.n_frames);
    this.#skeleton = new Skeleton(around.Plotly, replay, scene);
    this.#charts = new Charts(around.Plotly, replay, panels, (angle) => {
      this.#skeleton.mark({ angle });
      this.#wake();
    });
    this.#charts.goals = around.goals ?? [];
    this.#restore(around.address.read());
    left.prepend(this.#createSceneBar(actions));
    if (replay.has_ghost) scene.before(createGhostBar(this.#skeleton, actions.wake, signal));
    root.classList.toggle("pc-has-ghost", Boolean(replay.has_ghost));
    right.prepend(createChartBar(this.#charts, this.#clock, actions, signal));
    this.#transport.element.append(this.#createTakeaway(around));
    this.setNotes(around.notes);
    this.ready = this.#start(scene, panels, actions);
  }

  #createVideo(url, actions) {
    this.#root.classList.add("pc-has-video");
    const { signal } = this.#lifetime;
    this.#video = new VideoPane(this.#replay, url, actions.wake, signal);
    this.#clock.leader = this.#video;
    return this.#video.element;
  }

  /** The videos of two that are compared, as [name, address]. */
  #createFollowers(videos, actions) {
    this.#root.classList.add("pc-has-video");
    const { signal } = this.#lifetime;
    this.#followers = videos.map(
      ([name, url]) => new FollowingVideo(this.#replay, name, url, actions.wake, signal),
    );
    const panes = this.#followers.map(({ element }) => element);
    return el("div", { class: "pc-videos" }, ...panes);
  }

  #createSceneBar(actions) {
    const { signal } = this.#lifetime;
    const bar = createViewBar(this.#skeleton, actions.wake, signal);
    const leave = (trails) => {
      this.#skeleton.mark({ trails });
      this.#wake();
    };
    const choices = createChoices("Trails", listTrails(), [], leave, signal);
    bar.append(createMenu("Trails", { title: "What leaves a trail" }, choices, signal));
    return bar;
  }

  #createTakeaway({ takeaway, address }) {
    const source = {
      ...takeaway,
      root: this.#root,
      skeleton: this.#skeleton,
      charts: this.#charts,
      video: this.#video,
      clock: this.#clock,
      duration_s: this.#replay.duration_s,
      link: address.link,
      isDark: () => isDark(this.#root),
    };
    return createTakeaway(source, this.#lifetime.signal);
  }

  /** Show what the address says; what it says wrongly is as usual, and told. */
  #restore({ time_s, speed, loop, charts, unread }) {
    this.#clock.speed = speed ?? 1;
    if (loop) this.#clock.setLoop(...loop);
    this.ready = this.#charts.setPanels(charts ?? this.#charts.usualIds);
    this.#clock.seek(time_s);
    const known = this.#charts.listIds();
    if (charts?.some((id) => !known.includes(id))) unread.push("charts");
    this.#sayWrongLink(time_s, unread);
    this.#showSettings();
  }

  #sayWrongLink(time_s, unread) {
    const words = [];
    if (time_s > this.#replay.duration_s + PAST_END_S)
      words.push(`${formatTime(time_s)} is past the end of this session; this is its last frame.`);
    if (unread.length)
      words.push(`This link could not be read whole: not its ${unread.join(" and ")}.`);
    setText(this.#notice, words.join(" "));
  }

  #showSettings() {
    const { speed, loop } = this.#clock;
    this.#transport.showSpeed(speed);
    this.#transport.showLoop(loop);
    this.#charts.setLoop(loop);
    this.#root.dataset.speed = String(speed);
    this.#root.dataset.loop = loop ? loop.map((s) => s.toFixed(3)).join("-") : "";
    this.#root.dataset.charts = this.#charts.ids.join(",");
  }

  /** What is shown, as the address says it. */
  get #state() {
    const { time_s, speed, loop } = this.#clock;
    return { time_s, speed, loop, charts: this.#charts.ids };
  }

  setNotes(notes) {
    this.#notes.show(notes);
    this.#transport.showNotes(notes, (time_s) => this.#makeActions().seek(time_s));
    this.#root.dataset.noteCount = String(notes.length);
  }

  /** Show how far each reading may be off, which takes longer than the readings. */
  async addErrors() {
    await this.#charts.addErrors();
    this.#wake();
  }

  /** Landmarks have come. They are not kept for the next refresh: they have missed one already. */
  #arrive() {
    if (this.#lifetime.signal.aborted) return;
    if (this.#hasComplained) setText(this.#notice, "");
    this.#hasComplained = false;
    if (this.#waitingSince !== null) this.#draw(performance.now());
  }

  /** Say what went wrong; the rest goes on. */
  #complain(error) {
    setText(this.#notice, error.message);
    this.#hasComplained = true;
  }

  /** What the buttons, the keys, the slider, the charts and the notes can ask for. */
  #makeActions() {
    return { ...this.#makeMoves(), ...this.#makeChoices(), wake: () => this.#wake() };
  }

  #makeMoves() {
    const clock = this.#clock;
    const seek = (time_s) => {
      setText(this.#notice, "");
      clock.seek(time_s);
      this.#charts.follow(clock.time_s);
      this.#note();
    };
    return {
      seek,
      move: (seconds) => seek(clock.time_s + seconds),
      step: (frames) => {
        clock.pause();
        const frame = clamp(clock.frame + frames, 0, this.#replay.n_frames - 1);
        seek(this.#replay.time_s[frame] ?? 0);
      },
      goTo: (start_s, end_s) => {
        if (end_s !== null) this.#setLoop(start_s, end_s);
        seek(start_s);
      },
      toggle: () => {
        if (clock.isPlaying) clock.pause();
        else clock.play();
        this.#note();
      },
      hold: () => {
        clock.isHeld = true;
        this.#video?.pause();
      },
      release: () => {
        clock.isHeld = false;
        if (clock.isPlaying) this.#video?.play(clock.speed);
        this.#wake();
      },
    };
  }

  #makeChoices() {
    const clock = this.#clock;
    const changed = () => {
      this.#showSettings();
      this.#note();
    };
    const setSpeed = (speed) => {
      clock.speed = speed;
      changed();
    };
    const last_s = this.#replay.duration_s;
    return {
      setSpeed,
      changeSpeed: (steps) => {
        const place = SPEEDS.indexOf(clock.speed) + steps;
        setSpeed(SPEEDS[clamp(place, 0, SPEEDS.length - 1)]);
      },
      setLoop: (from_s, to_s) => this.#setLoop(from_s, to_s),
      startLoop: () => {
        const end_s = clock.loop?.[1] ?? last_s;
        this.#setLoop(clock.time_s, end_s > clock.time_s ? end_s : last_s);
      },
      endLoop: () => {
        const start_s = clock.loop?.[0] ?? 0;
        this.#setLoop(start_s < clock.time_s ? start_s : 0, clock.time_s);
      },
      toggleLoop: () => {
        if (clock.loop) {
          this.#lastLoop = clock.loop;
          clock.loop = null;
          changed();
        } else this.#setLoop(...(this.#lastLoop ?? this.#charts.stretch));
      },
      choose: (ids) => {
        const done = this.#charts.setPanels(ids);
        done.then(() => this.#wake(), (error) => this.#complain(error));
        changed();
      },
      writeNote: () => {
        if (!this.#notes.canWrite) return;
        const [start_s, end_s] = clock.loop ?? [clock.time_s, null];
        clock.pause();
        this.#note();
        this.#notes.write({ start_s, end_s, text: "", tag: "" });
      },
      help: () => (this.#help.open ? this.#help.close() : this.#help.showModal()),
      toggleFullScreen: () => {
        if (document.fullscreenElement) document.exitFullscreen();
        else this.#root.requestFullscreen?.();
      },
    };
  }

  #setLoop(from_s, to_s) {
    this.#clock.setLoop(from_s, to_s);
    this.#showSettings();
    this.#note();
  }

  async #start(scene, panels, actions) {
    const { frame } = this.#clock;
    await Promise.all([this.#skeleton.ready, this.ready, this.#replay.load(frame, frame)]);
    const { signal } = this.#lifetime;
    if (signal.aborted) return;
    listenToTurning(scene, this.#skeleton, actions.wake, signal);
    listenToCharts(panels, this.#charts, actions, signal);
    listenToKeys(this.#root, actions, signal);
    this.#listenToFocus();
    this.#listenToSize(scene, panels);
    this.#draw(performance.now());
    this.#note();
    this.#root.dataset.ready = "true";
  }

  /** After a click with the mouse the keyboard belongs to the player, not to the button. */
  #listenToFocus() {
    const giveBack = (event) => {
      const pressed = event.target.closest("button");
      if (pressed && !pressed.closest("form, dialog, details, li"))
        this.#root.focus({ preventScroll: true });
    };
    this.#root.addEventListener("pointerup", giveBack, { signal: this.#lifetime.signal });
  }

  #listenToSize(...elements) {
    const observer = new ResizeObserver(() => {
      this.#skeleton.resize();
      this.#charts.resize();
      this.#wake();
    });
    for (const element of elements) observer.observe(element);
    this.#lifetime.signal.addEventListener("abort", () => observer.disconnect());
  }

  #wake() {
    if (this.#request || this.#lifetime.signal.aborted) return;
    this.#request = requestAnimationFrame((now) => this.#tick(now));
  }

  /** The person changed the moment, or began or ended play: draw it and keep the address true. */
  #note() {
    const { isPlaying, time_s } = this.#clock;
    this.#root.dataset.playing = String(isPlaying);
    if (!isPlaying) this.#transport.announce(time_s);
    this.#address.note(this.#state);
    this.#isHere(this.#clock.frame); // reading begins at once, drawing at the next refresh
    this.#wake();
  }

  /** Whether all landmarks that a frame is drawn with are here; what is missing is read. */
  #isHere(frame) {
    if (frame < 0) return true;
    const { before, after } = this.#skeleton.reach;
    const [first, last] = [frame - before, frame + after];
    const [least, most] = this.#clock.isPlaying ? AHEAD_FRAMES : [after, after];
    if (!this.#replay.has(first, frame + least)) this.#replay.want(first, frame + most);
    return this.#replay.has(first, last);
  }

  /** Whether to wait a little longer with what is on the screen. */
  #waits(now) {
    if (this.#waitingSince === null) setTimeout(() => this.#wake(), PATIENCE_MS);
    this.#waitingSince ??= now;
    return now - this.#waitingSince < PATIENCE_MS;
  }

  #tick(now) {
    this.#request = 0;
    const wasPlaying = this.#clock.isPlaying;
    this.#clock.tick(now);
    const { isPlaying, time_s } = this.#clock;
    if (isPlaying) {
      this.#charts.follow(time_s);
      this.#address.noteInPlay(this.#state);
      this.#wake();
    } else if (wasPlaying) this.#note();
    this.#draw(now);
  }

  #draw(now) {
    const { frame, time_s, isPlaying } = this.#clock;
    const isHere = this.#isHere(frame);
    if (!isHere && this.#waits(now)) return;
    if (isHere) this.#waitingSince = null;
    const loading = this.#replay.ended ? "Not here any more" : "Loading this part ...";
    const reason = isHere ? this.#reasonForNobody(frame, time_s) : loading;
    const shown = reason ? -1 : frame;
    this.#skeleton.draw(shown, reason, this.#selectedValue(shown));
    this.#video?.draw(shown, time_s);
    for (const follower of this.#followers) follower.draw(shown, this.#clock);
    this.#charts.moveCursor(time_s);
    this.#transport.showPlaying(isPlaying);
    if (!isPlaying || now - this.#lastReading >= READING_MS) {
      this.#charts.read(shown);
      this.#transport.read(frame, time_s);
      this.#lastReading = now;
    }
    this.#report(frame, time_s, isPlaying);
  }

  /** The reading that is drawn at the joint. */
  #selectedValue(frame) {
    const { selected } = this.#charts;
    if (!selected || frame < 0) return "";
    const { value, error } = this.#charts.valueOf(selected.name, frame);
    return Number.isNaN(value) ? "" : formatValue(value, "°", error);
  }

  #report(frame, time_s, isPlaying) {
    const { dataset } = this.#root;
    dataset.frame = String(Math.max(frame, 0));
    dataset.timeS = time_s.toFixed(3);
    dataset.playing = String(isPlaying);
    for (const { name, state, presented_s } of this.#followers) {
      dataset[`${name}Video`] = state;
      dataset[`${name}VideoTimeS`] = (presented_s ?? NaN).toFixed(3);
    }
    if (!this.#video) return;
    dataset.video = this.#video.state;
    dataset.videoTimeS = (this.#video.presented_s ?? NaN).toFixed(3);
  }

  #reasonForNobody(frame, time_s) {
    const replay = this.#replay;
    if (frame < 0) return "This session has no frames";
    const away_s = Math.abs(time_s - replay.time_s[frame]);
    if (away_s > replay.longest_step_s / 2) return "No frames recorded here";
    return isSeen(replay, frame) ? "" : "Nobody in view";
  }

  destroy() {
    this.#lifetime.abort();
    cancelAnimationFrame(this.#request);
    this.#address.stop();
    this.#skeleton.destroy();
    this.#charts.destroy();
    this.#root.replaceChildren();
    this.#root.classList.remove("pc-has-video");
    this.#root.dataset.ready = "false";
  }
}

/** Whether light text stands on a dark ground. */
function isDark(root) {
  const [red, green, blue] = getComputedStyle(root).color.match(/[\d.]+/g).map(Number);
  return red + green + blue > 3 * 128;
}
