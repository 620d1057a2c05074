// A phone that sleeps films nothing: while its page is open, the screen stays on.

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
  let isOpen = true;
  let lock = null;

  // The lock is lost whenever another tab or program is in front.
  document.addEventListener("visibilitychange", hold);
  hold();

  async function hold() {
    if (!isOpen || lock || document.visibilityState !== "visible") return;
    if (!navigator.wakeLock) {
      show("impossible", "This browser cannot keep the screen on: let the phone itself sleep later.");
      return;
    }
    try {
      const held = await navigator.wakeLock.request("screen");
      if (!isOpen) {
        held.release();
        return;
      }
      lock = held;
      held.addEventListener("release", () => {
        lock = null;
        if (isOpen) show("lost", "");
      });
      show("awake", "");
    } catch {
      show("impossible", "The phone does not let the screen stay on, most likely to save power: charge it, or let it sleep later.");
    }
  }

  function show(state, text) {
    root.dataset.state = state;
    root.textContent = text;
  }

  return {
    close() {
      isOpen = false;
      document.removeEventListener("visibilitychange", hold);
      lock?.release();
    },
  };
}
