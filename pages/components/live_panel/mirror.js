// The delayed mirror: how late the picture is, and what was just seen, kept as a session.

export function makeMirror(host, send) {
  host.innerHTML = `
    <button type="button" data-do="keep">Keep that one</button>
    <span data-say="late"></span>
    <div data-say="kept" role="status" aria-live="polite"><span></span> <a target="_blank" rel="noopener">Replay</a>
      <button type="button" data-do="try_again">Try again</button>
      <button type="button" data-do="give_up">Give it up</button>
    </div>`;
  const find = (what) => host.querySelector(what);
  const keep = find('[data-do="keep"]');
  const kept = find('[data-say="kept"]');
  for (const button of host.querySelectorAll("button")) {
    button.addEventListener("click", () => send({ do: button.dataset.do }));
  }

  function show(status) {
    const { state = "idle", sentence = "", session_id: id = "" } = status.kept || {};
    keep.textContent = `Keep that one: the last ${status.keep_s || 10} s`;
    keep.disabled = !status.has_frames || state === "saving" || state === "failed";
    find('[data-say="late"]').textContent = describeMirror(status);
    kept.dataset.state = state;
    kept.querySelector("span").textContent = sentence;
    const link = kept.querySelector("a");
    link.hidden = !id;
    if (id) link.href = new URL(`replay?session=${encodeURIComponent(id)}`, document.baseURI);
    for (const what of ["try_again", "give_up"]) find(`[data-do="${what}"]`).hidden = state !== "failed";
  }

  return { show };
}

function describeMirror({ delay_s: delay, filled_s: filled, is_late: isLate, has_frames: hasFrames, problem }) {
  if (problem) return problem;
  if (!delay || !hasFrames) return "";
  if (isLate) return `Picture and angles are from ${delay} s ago.`;
  return `The mirror is filling: ${filled} of ${delay} s.`;
}
