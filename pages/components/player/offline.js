/* The player in a file of its own: no server, no network, the recording inside the page. */

import { Player } from "./player.js";
import { openRecording } from "./recording.js";
import { readState, writeState } from "./address.js";

/** The fragment is the one part of a file's address that a page may change. */
function createFileAddress() {
  let timer = 0;
  const note = (state) => {
    clearTimeout(timer);
    timer = setTimeout(() => {
      const query = new URLSearchParams();
      writeState(query, state);
      history.replaceState(null, "", `#${query}`);
    }, 150);
  };
  return {
    read: () => readState(new URLSearchParams(location.hash.slice(1))),
    note,
    noteInPlay: () => {},
    link: null,
    stop: () => clearTimeout(timer),
  };
}

async function unpack(text) {
  const packed = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Response(stream).arrayBuffer();
}

/** All of the recording is here; it is read as the dashboard's is. */
function sourceOf(packed) {
  const read = async (from, to) => packed.slice(from, to);
  return { head: async () => packed, read, readErrors: null };
}

/** Build the player from what stands in the page. */
export async function open() {
  const read = (id) => document.getElementById(id).textContent;
  const { title, name, notes } = JSON.parse(read("session"));
  const replay = await openRecording(sourceOf(await unpack(read("recording"))));
  const root = document.querySelector("[data-testid='replay-player']");
  const player = new Player(root, replay, {
    Plotly: window.Plotly,
    address: createFileAddress(),
    notes,
    saveNote: null,
    video: null,
    takeaway: { title, name },
  });
  await player.ready;
  player.addErrors();
}
