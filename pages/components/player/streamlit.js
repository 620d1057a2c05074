/* The player inside Streamlit: called at each rerun and each change of theme, in one element. */

import { el } from "./page.js";
import { Player } from "./player.js";
import { readHeader, readReplay } from "./recording.js";

const players = new WeakMap();
let plotly = null;

/** Load the drawing library once for the page. */
export function loadPlotly(url) {
  plotly ??= new Promise((resolve, reject) => {
    if (window.Plotly) {
      resolve(window.Plotly);
      return;
    }
    const script = el("script", { src: url });
    script.onload = () => resolve(window.Plotly);
    script.onerror = () => {
      plotly = null;
      reject(new Error("The player's drawing library did not load; reload the page."));
    };
    document.head.append(script);
  });
  return plotly;
}

/** Build the player, or leave it as it is; returns what Streamlit calls when the page is left. */
export async function show({ data, parentElement }, plotlyUrl) {
  const root = parentElement.querySelector("[data-testid='replay-player']");
  const { session_id, content_id } = readHeader(data).header;
  const Plotly = await loadPlotly(plotlyUrl);
  const player = players.get(root);
  // A rerun or another theme: the same recording plays on, and CSS has changed its colours.
  if (!player?.shows(session_id, content_id)) {
    player?.destroy();
    const address = createAddress(session_id);
    players.set(root, new Player(root, readReplay(data), { Plotly, address }));
  }
  return () => {
    players.get(root)?.destroy();
    players.delete(root);
  };
}

/** Keeps `?session=ID&t=SECONDS` true without asking the server for anything. */
function createAddress(sessionId) {
  const path = location.pathname;
  let timer = 0;
  let moment_s = 0;
  let written = 0;
  const write = () => {
    timer = 0;
    if (location.pathname !== path) return; // the person is on the way to another page
    const url = new URL(location.href);
    url.searchParams.set("session", sessionId);
    url.searchParams.set("t", String(Math.round(moment_s * 1000) / 1000));
    history.replaceState(history.state, "", url);
    written = performance.now();
  };
  return {
    read() {
      const query = new URLSearchParams(location.search);
      const moment = Number(query.get("t"));
      return query.get("session") === sessionId && Number.isFinite(moment) ? moment : 0;
    },
    /** A drag seeks many times; the address follows when it comes to rest for a moment. */
    note(time_s) {
      moment_s = time_s;
      clearTimeout(timer);
      timer = setTimeout(write, 150);
    },
    noteInPlay(time_s) {
      moment_s = time_s;
      if (!timer && performance.now() - written > 2000) write();
    },
    stop: () => clearTimeout(timer),
  };
}
