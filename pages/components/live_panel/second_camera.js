// The owner's other cameras: how each stands, so that one sees it before both record.

export function makeSecondCamera(host) {
  host.setAttribute("aria-label", "Other cameras");

  function show(status) {
    const sentences = (status.cameras || []).map(describeCamera);
    host.hidden = !sentences.length;
    if (host.textContent !== sentences.join("")) {
      host.replaceChildren(...sentences.map((sentence) => Object.assign(document.createElement("div"), { textContent: sentence })));
    }
  }

  return { show };
}

function describeCamera({ device, fps, is_seen: isSeen }) {
  if (!Number.isFinite(fps)) return `${device} · starting`;
  return `${device} · ${fps} frames/s · ${isSeen ? "somebody" : "nobody"} in view`;
}
