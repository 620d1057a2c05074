// A phone that sleeps films nothing: while the camera runs, the screen stays on.

const STORED = "streamlit-webrtc:device-ids:";
const keepers = new WeakMap();

export default function (component) {
  const { data, parentElement, setStateValue } = component;
  const root = parentElement.querySelector(".awake");
  let keeper = keepers.get(root);
  if (!keeper) {
    keeper = makeKeeper(root);
    keepers.set(root, keeper);
    forgetCameras(data.keys);
    // A code that a QR code brought to a device that is paired already.
    if (location.hash.startsWith("#code=")) history.replaceState(history.state, "", location.pathname + location.search);
    setStateValue("ready", true);
  }
  keeper.want(data.is_playing);
  return () => {
    keeper.close();
    keepers.delete(root);
  };
}

// Without an entry of its own a camera would take the one that was opened last on any page.
function forgetCameras(keys) {
  try {
    for (const key of keys) localStorage.setItem(STORED + key, "{}");
  } catch {
    // A browser that stores nothing remembers nothing either.
  }
}

function makeKeeper(root) {
  let wanted = false;
  let lock = null;

  // The lock is lost whenever another tab or program is in front.
  document.addEventListener("visibilitychange", hold);

  function want(isWanted) {
    if (wanted === isWanted && root.dataset.state !== "starting") return;
    wanted = isWanted;
    if (wanted) hold();
    else release();
  }

  async function hold() {
    if (!wanted || lock || document.visibilityState !== "visible") return;
    if (!navigator.wakeLock) {
      show("impossible", "This browser cannot keep the screen on: set the phone's own time until it sleeps to a long one.");
      return;
    }
    try {
      const held = await navigator.wakeLock.request("screen");
      if (!wanted) {
        held.release();
        return;
      }
      lock = held;
      lock.addEventListener("release", () => {
        if (lock === held) lock = null;
        if (wanted) show("lost", "");
      });
      show("awake", "The screen stays on while the camera runs.");
    } catch {
      show("impossible", "The phone does not let the screen stay on, most likely to save power: charge it, or set its own time until it sleeps to a long one.");
    }
  }

  function release() {
    const held = lock;
    lock = null;
    held?.release();
    show("idle", "");
  }

  function show(state, text) {
    root.dataset.state = state;
    root.textContent = text;
  }

  return {
    want,
    close() {
      wanted = false;
      document.removeEventListener("visibilitychange", hold);
      release();
    },
  };
}
