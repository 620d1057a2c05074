// What a coach says from another screen, and what is marked from here: the last ones in words, with
// a sound; on the picture they are drawn by the server.

const CUE_TONES = [[880, 0.15, 0], [1175, 0.25, 0.16]];
const N_CUES = 2;

export function makeCues(host, send, sounds) {
  const list = document.createElement("ul");
  list.className = "cue-list";
  list.setAttribute("role", "status");
  list.setAttribute("aria-label", "Cues");
  const watching = document.createElement("span");
  watching.className = "cue-watching";
  const mark = document.createElement("button");
  mark.type = "button";
  mark.textContent = "Mark this moment";
  mark.addEventListener("click", () => send({ do: "send", kind: "mark" }));
  const bar = document.createElement("div");
  bar.className = "cue-bar";
  bar.append(mark, watching);
  host.append(bar, list);
  let listed = "";

  function show(status, before, whole) {
    const shown = status.shown || [];
    const n = whole.parts.audience?.n_watching || 0;
    watching.textContent = n ? `${n} watching` : "";
    mark.disabled = whole.recorder !== "recording";
    mark.title = mark.disabled ? "While a recording runs" : "Kept as a note of the recording";
    const newest = (each) => each.shown?.[0]?.number || 0;
    // Not for what was there before this page heard anything.
    if (before.shown && newest(status) > newest(before)) CUE_TONES.forEach((each) => sounds.tone(...each));
    const now = JSON.stringify([shown, status.problem]);
    if (now === listed) return;
    listed = now;
    list.replaceChildren(...shown.slice(0, N_CUES).map(makeLine));
    if (status.problem) list.append(makeItem(status.problem, "problem"));
  }

  function makeLine({ label, by, is_drawn: isDrawn }) {
    const item = makeItem(label, isDrawn ? "new" : "old");
    if (by) {
      const who = document.createElement("span");
      who.textContent = by;
      item.append(who);
    }
    return item;
  }

  function makeItem(text, kind) {
    const item = document.createElement("li");
    item.dataset.kind = kind;
    item.textContent = text;
    return item;
  }

  return { show };
}
