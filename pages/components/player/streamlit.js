/* The player inside Streamlit: called at each rerun and each change of theme, in one element. */

import { el } from "./page.js";
import { Player } from "./player.js";
import { readReplay } from "./recording.js";

const players = new WeakMap();
let plotly = null;

/** Load the drawing library once for the page. */
function loadPlotly(url) {
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

/** The packed recording, or one sentence why there is none. */
async function fetchRecording(url) {
  try {
    const answer = await fetch(url);
    if (answer.ok) return { bytes: await answer.arrayBuffer() };
    return { problem: await answer.text() };
  } catch {
    return { problem: "The dashboard does not answer. See whether it still runs, then reload." };
  }
}

/** Build the player, or leave it as it is; returns what Streamlit calls when the page is left. */
export async function show({ data, parentElement }, { plotlyUrl, find }) {
  const root = parentElement.querySelector("[data-testid='replay-player']");
  const leave = () => {
    players.get(root)?.player?.destroy();
    players.delete(root);
  };
  // A rerun or another theme: the same recording plays on, and CSS has changed its colours.
  if (players.get(root)?.recording === data.recording) return leave;
  leave();
  const shown = { recording: data.recording, player: null };
  players.set(root, shown);
  const [Plotly, { bytes, problem }] = await Promise.all([
    loadPlotly(plotlyUrl),
    fetchRecording(find(data.recording)),
  ]);
  if (players.get(root) !== shown) return leave; // left, or another session, while it loaded
  if (problem) root.replaceChildren(el("p", { class: "pc-problem", role: "alert" }, problem));
  else {
    const address = createAddress(data.session_id);
    shown.player = new Player(root, readReplay(bytes), { Plotly, address });
  }
  return leave;
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
