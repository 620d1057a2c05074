// The ghost over the picture: its controls, the score, what is most off, and when a position is held.

const GHOST_ICONS = {
  play: "M6 3.5v13l11-6.5z",
  pause: "M5 3.5h3.6v13H5zM11.4 3.5H15v13h-3.6z",
  start: "M4 4h2v12H4zM16 4v12l-9-6z",
  loop: "M6 5h8a4 4 0 0 1 0 8h-1v-1.6h1a2.4 2.4 0 0 0 0-4.8H6v2L2.6 5.8 6 3zM14 15H6a4 4 0 0 1-1-7.9v1.7A2.4 2.4 0 0 0 6 13.4h8v-2l3.4 2.8L14 17z",
};
const GHOST_SPEEDS = [0.25, 0.5, 0.75, 1, 1.5, 2];

const GHOST_WAYS = { own: "Own pace", waiting: "Waits for you" };

export function makeGhost(host, send, sounds) {
  host.hidden = true;
  host.dataset.testid = "ghost-panel";
  const title = ghostElement("span", "ghost-title");
  const state = ghostElement("span", "ghost-state");
  const score = ghostElement("output", "ghost-score", { "aria-label": "Score of the last seconds" });
  const runs = ghostElement("span", "ghost-runs");
  const worst = ghostElement("span", "ghost-worst", { role: "status" });
  const held = ghostElement("span", "ghost-held", { role: "status" });
  const play = ghostButton(GHOST_ICONS.play, "Play the ghost", () => send({ do: isPlaying ? "pause" : "play" }));
  const again = ghostButton(GHOST_ICONS.start, "Ghost from its start", () => send({ do: "restart" }));
  const seek = ghostElement("input", "ghost-seek", { type: "range", step: "0.1", "aria-label": "Seek the ghost" });
  const clock = ghostElement("span", "ghost-clock");
  const speed = ghostElement("select", "ghost-speed", { "aria-label": "Speed of the ghost" });
  const loop = ghostButton(GHOST_ICONS.loop, "Loop the ghost", () => send({ do: "loop", on: !isLooped }));
  for (const value of GHOST_SPEEDS) speed.append(new Option(`${value} ×`, value));
  speed.addEventListener("change", () => send({ do: "speed", speed: Number(speed.value) }));
  seek.addEventListener("input", () => send({ do: "seek", time_s: Number(seek.value) }));
  const ways = ghostElement("div", "ghost-ways", { role: "group", "aria-label": "How the ghost runs" });
  for (const [way, words] of Object.entries(GHOST_WAYS)) {
    const button = ghostElement("button", "ghost-way", { type: "button" });
    button.textContent = words;
    button.dataset.way = way;
    button.addEventListener("click", () => send({ do: "way", way }));
    ways.append(button);
  }
  const head = ghostElement("div", "ghost-head");
  head.append(title, state, ways);
  const words = ghostElement("div", "ghost-words");
  words.append(worst, runs);
  const numbers = ghostElement("div", "ghost-numbers");
  numbers.append(score, words, held);
  const controls = ghostElement("div", "ghost-controls");
  controls.append(play, again, seek, clock, speed, loop);
  host.append(head, numbers, controls);
  let isPlaying = false;
  let isLooped = true;

  function show(status, before, room) {
    host.hidden = !status.state || status.state === "none";
    if (host.hidden) return;
    host.dataset.state = status.state;
    host.dataset.way = status.way;
    title.textContent = `Ghost · ${status.name}`;
    title.title = status.name;
    state.textContent = status.note || describeGhost(status, room.camera);
    for (const button of ways.children) button.setAttribute("aria-pressed", String(button.dataset.way === status.way));
    const isReady = status.state === "ready";
    for (const control of [play, again, seek, speed, loop]) control.disabled = !isReady;
    if (!isReady) {
      score.textContent = "–";
      for (const each of [runs, worst, held, clock]) each.textContent = "";
      return;
    }
    isPlaying = status.is_playing;
    isLooped = status.is_looped;
    play.querySelector("path").setAttribute("d", isPlaying ? GHOST_ICONS.pause : GHOST_ICONS.play);
    play.title = isPlaying ? "Pause the ghost" : "Play the ghost";
    play.setAttribute("aria-label", play.title);
    loop.setAttribute("aria-pressed", String(isLooped));
    showScore(status, room.parts.mirror_delay);
    seek.min = status.start_s;
    seek.max = status.end_s;
    if (!seek.matches(":active")) seek.value = status.position_s;
    clock.textContent = `${ghostClock(status.position_s)} / ${ghostClock(status.end_s)}`;
    if (document.activeElement !== speed) speed.value = String(status.speed);
    speed.hidden = status.way === "waiting";
    if (before.state === "ready" && status.n_held > before.n_held) {
      sounds.tone(880, 0.2);
      sounds.tone(1320, 0.35, 0.12);
    }
  }

  function showScore(status, mirror) {
    score.textContent = status.score ?? "–";
    // Waiting, a run grows with what was done of the movement: 42 with 44 % done is nearly all right.
    const isGrowing = status.done_share !== null && status.run_score !== null;
    const done = isGrowing ? `, ${Math.round(100 * status.done_share)} % done` : "";
    const parts = [...(mirror?.is_late ? ["of now, not of the picture"] : []), `this run ${status.run_score ?? "–"}${done}`];
    if (status.last_score !== null) parts.push(`the one before ${status.last_score}`);
    runs.textContent = parts.join(" · ");
    worst.textContent = ghostSentence(status.worst);
    held.dataset.held = String(status.is_held);
    held.style.setProperty("--share", status.is_held ? 1 : status.hold_share);
    held.textContent = status.is_held ? "✓ Held" : status.hold_share > 0 ? "Hold it" : "";
  }

  return { show };
}

function describeGhost(status, camera) {
  if (status.state === "loading") return "is being loaded …";
  if (status.state === "problem") return status.problem;
  if (camera !== "on") return "appears when the camera runs";
  if (status.way === "own") return status.is_playing ? "plays at its own pace" : "stands still";
  if (!status.is_playing) return "stands still";
  if (status.is_matched) return "goes on as you move";
  if (status.is_lost) return "has lost you: take up its position, or go on with the movement";
  return "waits for you to take up its position";
}

function ghostSentence(words) {
  return words ? `${words[0].toUpperCase()}${words.slice(1)}` : "";
}

function ghostClock(seconds) {
  const tenths = Math.round(10 * seconds);
  const rest = ((tenths % 600) / 10).toFixed(1);
  return `${Math.floor(tenths / 600)}:${rest.padStart(4, "0")}`;
}

function ghostElement(name, className, attributes = {}) {
  const element = document.createElement(name);
  element.className = className;
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  return element;
}

function ghostButton(path, label, press) {
  const element = ghostElement("button", "ghost-button", { type: "button", "aria-label": label, title: label });
  const space = "http://www.w3.org/2000/svg";
  const icon = document.createElementNS(space, "svg");
  icon.setAttribute("viewBox", "0 0 20 20");
  icon.setAttribute("aria-hidden", "true");
  icon.append(document.createElementNS(space, "path"));
  icon.firstChild.setAttribute("d", path);
  element.append(icon);
  element.addEventListener("click", press);
  return element;
}
