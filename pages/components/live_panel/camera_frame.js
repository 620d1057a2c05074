// The camera's picture area: one calm surface of the picture's shape, with a sentence and the button
// that starts the camera in its middle, until the picture takes its place.
//
// What shows the camera is not ours; it stands in a frame of the same origin, into which a style goes.
// A frame that gets none shows all the same, only less calmly (style.css).

const ALLOW = "Allow the camera when the browser asks.";
const STYLE_ID = "posecore-camera";
const FRAME_STYLE = `
  body { background: var(--posecore-surface) !important; font-family: system-ui, sans-serif; }
  button { text-transform: none !important; letter-spacing: 0 !important; }
  #root > .MuiStack-root { padding: 0.9rem; }
  #root > .MuiBox-root {
    display: flex; flex-direction: column; min-height: calc(100vw * 9 / 16 + 3.8rem);
  }
  #root > .MuiBox-root > :nth-last-child(2) { padding: 0; }
  #root > .MuiBox-root > :last-child { padding: 0 0.8rem; min-height: 3.8rem; box-sizing: border-box; }
  /* Without a picture: the sentence in the upper half, the button below it. */
  #root > .MuiBox-root:not(:has(video)) > :nth-last-child(2) {
    flex: 1 1 0; flex-direction: column; align-items: center; justify-content: flex-end;
  }
  .MuiPaper-root:has(> .MuiSvgIcon-fontSizeLarge, > [role="progressbar"]) {
    width: auto; padding: 0; background: none; color: inherit; opacity: 0.55;
  }
  #root > .MuiBox-root:not(:has(video)) > :nth-last-child(2)::after {
    content: var(--posecore-sentence); max-width: 28rem; padding: 0.8rem 1.2rem 1rem;
    box-sizing: border-box; text-align: center; text-wrap: balance; line-height: 1.5;
  }
  #root > .MuiBox-root > :nth-last-child(2):has([role="progressbar"])::after {
    content: var(--posecore-starting) !important;
  }
  #root > .MuiBox-root:not(:has(video)) > :last-child {
    flex: 1 1 0; flex-direction: column; padding-bottom: 0.8rem;
  }
  #root > .MuiBox-root:not(:has(video)) > :last-child > button { align-self: flex-end; }
`;

/** Returns what dresses the camera's frames, also those that come later, and says the sentence. */
export function makeCameraFrame(surface) {
  let place = null;
  let sentence = "";
  const observer = new MutationObserver(dress);

  function find() {
    const found = document.querySelector(".st-key-camera_picture");
    if (found !== place) {
      observer.disconnect();
      place = found;
      if (place) observer.observe(place, { childList: true, subtree: true });
    }
    dress();
  }

  function dress() {
    place?.style.setProperty("--posecore-surface", surface());
    for (const frame of place?.querySelectorAll("iframe") || []) {
      frame.removeEventListener("load", dress);
      frame.addEventListener("load", dress);
      dressFrame(frame);
    }
  }

  function dressFrame(frame) {
    const inside = frame.contentDocument;
    if (!inside?.getElementById("root")) return; // not loaded yet
    if (!inside.getElementById(STYLE_ID)) {
      const style = inside.createElement("style");
      style.id = STYLE_ID;
      style.textContent = FRAME_STYLE;
      inside.head.append(style);
    }
    const { style } = inside.documentElement;
    style.setProperty("--posecore-surface", surface());
    style.setProperty("--posecore-sentence", JSON.stringify(sentence));
    style.setProperty("--posecore-starting", JSON.stringify(ALLOW));
    frame.dataset.dressed = "true";
  }

  function say(words) {
    if (words === sentence) return;
    sentence = words;
    dress();
  }

  return { find, say, close: () => observer.disconnect() };
}
