/* The address of the page: it always says what is shown, so that a link shows the same again. */

import { SPEEDS } from "./clock.js";

const QUIET_MS = 150;
const IN_PLAY_MS = 2000;

/** Read a player's state from a query: moment, speed, loop and charts, each null if not there;
 * `unread` names, for people, what is there and says nothing. */
export function readState(query) {
  const number = (text) => (text && Number.isFinite(Number(text)) ? Number(text) : null);
  const speed = number(query.get("speed"));
  const loop = /^([\d.]+)-([\d.]+)$/.exec(query.get("loop") ?? "")?.slice(1).map(number);
  const state = {
    time_s: number(query.get("t")),
    speed: SPEEDS.includes(speed) ? speed : null,
    loop: loop && loop[0] < loop[1] ? loop : null, // what is no number is not smaller either
    charts: query.get("charts")?.split(",") ?? null,
  };
  const unread = [["t", "time_s", "moment"], ["speed", "speed", "speed"], ["loop", "loop", "loop"]]
    .filter(([name, field]) => query.get(name) && state[field] === null)
    .map(([, , word]) => word);
  return { ...state, time_s: state.time_s ?? 0, unread };
}

/** Write a player's state into a query. */
export function writeState(query, { time_s, speed, loop, charts }) {
  const round = (seconds) => String(Math.round(seconds * 1000) / 1000);
  query.set("t", round(time_s));
  query.set("speed", String(speed));
  query.set("charts", charts.join(","));
  if (loop) query.set("loop", loop.map(round).join("-"));
  else query.delete("loop");
}

/** Keeps the address bar true without asking the server for anything; `shown` is what the address
 * calls what is shown: { session: id }, or { a: id, b: id }. */
export function createAddress(shown) {
  const path = location.pathname;
  let timer = 0;
  let state;
  let written = 0;
  const link = () => {
    const url = new URL(location.href);
    for (const [name, id] of Object.entries(shown)) url.searchParams.set(name, id);
    writeState(url.searchParams, state);
    return url.href;
  };
  const write = () => {
    timer = 0;
    if (location.pathname !== path) return; // the person is on the way to another page
    history.replaceState(history.state, "", link());
    written = performance.now();
  };
  return {
    read() {
      const query = new URLSearchParams(location.search);
      const isSame = Object.entries(shown).every(([name, id]) => query.get(name) === id);
      return readState(isSame ? query : new URLSearchParams());
    },
    /** A drag seeks many times; the address follows when it comes to rest for a moment. */
    note(shown) {
      state = shown;
      clearTimeout(timer);
      timer = setTimeout(write, QUIET_MS);
    },
    noteInPlay(shown) {
      state = shown;
      if (!timer && performance.now() - written > IN_PLAY_MS) write();
    },
    link,
    stop: () => clearTimeout(timer),
  };
}
