/* The player inside Streamlit: called at each rerun and each change of theme, in one element. */

import { createAddress } from "./address.js";
import { el } from "./page.js";
import { Player } from "./player.js";
import { openRecording } from "./recording.js";

const LOST = "The dashboard does not answer. See whether it still runs, then reload the page.";

const GONE = [401, 404];

const players = new WeakMap();
let plotly = null;

/** Load the drawing library once for the page, whoever asks first. */
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
      reject(new Error("The drawing library did not load; reload the page."));
    };
    document.head.append(script);
  });
  return plotly;
}

/** The bytes behind an address; what went wrong is an error with one sentence. */
async function fetchBytes(url, signal) {
  const answer = await fetch(url, { signal }).catch(() => {
    throw new Error(LOST);
  });
  // Why two cannot be compared is an answer as well, in words.
  const isText = answer.headers.get("Content-Type")?.startsWith("text/");
  if (!answer.ok || isText) {
    // What is gone, or no longer this person's, does not come back by asking again.
    const isFinal = GONE.includes(answer.status);
    throw Object.assign(new Error(await answer.text()), { isFinal });
  }
  return answer.arrayBuffer();
}

/** The recording as the dashboard holds it: read in parts, when they are wanted. */
function sourceOf(data, find) {
  const part = (from, to) => `?from=${from}&to=${to}`;
  return {
    head: () => fetchBytes(find(data.recording)),
    read: (from, to, signal) => fetchBytes(find(data.recording) + part(from, to), signal),
    readErrors: (from, to) => fetchBytes(find(data.errors) + part(from, to)),
  };
}

/** Build the player, or leave it as it is; returns what Streamlit calls when the page is left. */
export async function show({ data, parentElement, setTriggerValue }, { plotlyUrl, find }) {
  const root = parentElement.querySelector("[data-testid='replay-player']");
  const leave = () => {
    players.get(root)?.player?.destroy();
    players.delete(root);
  };
  const shown = players.get(root);
  // A rerun or another theme: the same recording plays on, and CSS has changed its colours.
  if (shown?.data.recording === data.recording && shown.data.video === data.video) {
    shown.data = data;
    shown.player?.setNotes(data.notes);
    return leave;
  }
  leave();
  const next = { data, player: null };
  players.set(root, next);
  try {
    const needed = [loadPlotly(plotlyUrl), openRecording(sourceOf(data, find))];
    const [Plotly, replay] = await Promise.all(needed);
    // Left, or another session, while it loaded.
    if (players.get(root) !== next) return leave;
    const around = { Plotly, ...findAround(next.data, find) };
    around.saveNote = data.can_note ? saveNote : null;
    const player = new Player(root, replay, around);
    next.player = player;
    await player.ready;
    // Asked for when everything is on the screen: it takes the server longer than the recording.
    player.addErrors();
  } catch (error) {
    root.replaceChildren(el("p", { class: "pc-problem", role: "alert" }, error.message));
  }
  return leave;

  function saveNote(change) {
    setTriggerValue("note", change);
  }
}

/** What the player needs beside the recording: addresses, notes, and the video if there is one. */
function findAround(data, find) {
  const video = data.video && find(data.video);
  const videos = data.videos?.length ? data.videos.map(([name, at]) => [name, find(at)]) : null;
  const takeaway = {
    title: data.title,
    name: data.file_stem,
    clipUrl: data.clip && find(data.clip),
    pageUrl: data.page && find(data.page),
  };
  const { notes, goals } = data;
  return { address: createAddress(data.shown), notes, goals, video, videos, takeaway };
}
