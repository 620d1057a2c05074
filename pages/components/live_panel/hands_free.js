// Hands free: what the room waits for, the ring of the held gesture, and the next recording.

export function makeHandsFree(host, send) {
  host.innerHTML = `
    <span class="ring" role="progressbar" aria-label="Hands over the head" aria-valuemin="0" aria-valuemax="100"></span>
    <span data-say="waits" role="status" aria-live="polite"></span>
    <button type="button">No more</button>`;
  const ring = host.querySelector(".ring");
  const words = host.querySelector('[data-say="waits"]');
  const noMore = host.querySelector("button");
  noMore.addEventListener("click", () => send({ do: "no_more" }));

  function show(status, _before, room) {
    const sentence = room.camera === "on" ? describeWaiting(status, room) : "";
    host.hidden = (status.starts_by || "button") === "button" && !status.stop_after_s && !status.problem;
    if (words.textContent !== sentence) words.textContent = sentence;
    ring.hidden = status.starts_by !== "gesture";
    const share = Math.round(100 * (status.progress || 0));
    ring.style.setProperty("--held", `${share}%`);
    ring.setAttribute("aria-valuenow", share);
    noMore.hidden = !Number.isFinite(status.again_in_s);
  }

  return { show };
}

function describeWaiting(status, room) {
  const isRecording = room.recorder === "recording";
  if (status.problem) return status.problem;
  if (Number.isFinite(status.again_in_s)) return `Again in ${status.again_in_s} s.`;
  const stops = status.stop_after_s ? ` It stops after ${status.stop_after_s} s.` : "";
  if (status.starts_by === "movement") {
    if (!isRecording) return `Waiting for somebody to move.${stops}`;
    return status.is_attempt ? `Recording this attempt until you stand still.${stops}` : `Recording.${stops}`;
  }
  if (status.starts_by !== "gesture") return stops.trim();
  if (room.recorder !== "idle" && !status.gesture_stops) return stops.trim() || "Press Stop recording to end it.";
  if (!status.is_armed && !status.progress) return "Show both hands below the shoulders first, then it counts.";
  const what = room.recorder === "idle" ? "start" : "stop";
  return `Both hands over the head for 2 s to ${what}.${stops}`;
}
