// What the live picture needs, tried one after the other on this device. The first step that fails
// says what to do; those after it cannot be tried.

const GATHER_MS = 8000;
const CONNECT_MS = 10000;
const PINGS = 5;
const STEPS = [
  ["secure", "The page came over https, or from this computer"],
  ["permission", "The browser may use the camera"],
  ["camera", "A camera is there"],
  ["candidates", "The browser found ways to send the picture"],
  ["connection", "The picture gets through to the computer"],
  ["roundtrip", "There and back"],
];
const tests = new WeakMap();

export default function (component) {
  const root = component.parentElement.querySelector(".connection-test");
  let test = tests.get(root);
  if (!test) {
    test = makeTest(root);
    tests.set(root, test);
  }
  test.set(component.data);
  return () => {
    test.close();
    tests.delete(root);
  };
}

class Trouble extends Error {}

function makeTest(root) {
  const button = root.querySelector("button");
  const list = root.querySelector("ol");
  let data = null;
  let running = null;

  button.addEventListener("click", start);

  function set(fresh) {
    data = fresh;
    button.disabled = running !== null || data.is_playing;
    button.title = data.is_playing ? "Stop the camera first: the test needs it." : "";
  }

  async function start() {
    const lines = showSteps();
    const open = { stream: null, peer: null };
    running = open;
    set(data);
    root.dataset.state = "running";
    let at = "";
    const step = async (name, work) => {
      at = name;
      mark(lines[name], "running");
      mark(lines[name], "good", await work());
    };
    try {
      await step("secure", () => checkSecure(data));
      open.stream = await openCamera((name, work) => step(name, work));
      open.peer = new RTCPeerConnection({ iceServers: data.ice_servers });
      const channel = open.peer.createDataChannel("test");
      await step("candidates", () => gather(open.peer, data.ice_servers));
      await step("connection", () => connect(open.peer, channel, data.url));
      await step("roundtrip", () => measure(channel));
      root.dataset.state = "good";
    } catch (error) {
      const isOurs = error instanceof Trouble;
      if (!isOurs) console.warn("The camera test failed", error);
      mark(lines[at], "bad", "", isOurs ? error.message : `The browser refused this: ${error.message || error}`);
      root.dataset.state = "bad";
    } finally {
      end(open);
      if (running === open) running = null;
      set(data);
    }
  }

  function showSteps() {
    list.replaceChildren();
    const lines = {};
    for (const [name, text] of STEPS) {
      const line = document.createElement("li");
      line.dataset.step = name;
      const words = document.createElement("span");
      const fact = document.createElement("span");
      fact.className = "fact";
      const advice = document.createElement("p");
      advice.className = "advice";
      words.append(text, " ", fact);
      line.append(words, advice);
      list.append(line);
      lines[name] = line;
      mark(line, "waiting");
    }
    return lines;
  }

  function end({ stream, peer }) {
    stream?.getTracks().forEach((track) => track.stop());
    peer?.close();
  }

  return {
    set,
    close() {
      if (running) end(running);
    },
  };
}

function mark(line, state, fact = "", advice = "") {
  const words = { waiting: "not tried", running: "being tried", good: "good", bad: "wrong" };
  line.dataset.state = state;
  line.setAttribute("aria-label", `${words[state]}: ${line.firstChild.firstChild.data}. ${fact || advice}`);
  line.querySelector(".fact").textContent = fact || "";
  line.querySelector(".advice").textContent = advice;
}

function checkSecure({ secure_address: address, how_to: command }) {
  if (window.isSecureContext && navigator.mediaDevices?.getUserMedia) return "";
  throw new Trouble(
    address
      ? `The browser gives the camera to pages on https only: open ${address} instead.`
      : `The browser gives the camera to pages on https only: let the computer start posecore with ${command}, then open the address that it prints.`,
  );
}

// One question to the browser answers two: may it, and is there one.
async function openCamera(step) {
  let stream = null;
  let problem = null;
  await step("permission", async () => {
    try {
      stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: { ideal: "environment" } } });
    } catch (error) {
      if (error.name === "NotAllowedError" || error.name === "SecurityError") throw new Trouble(`The camera is not allowed on this page. ${whereToAllow()}`);
      problem = error;
    }
  });
  await step("camera", () => {
    if (problem?.name === "NotFoundError" || problem?.name === "OverconstrainedError") {
      throw new Trouble("No camera was found: plug one in, or use a device that has one.");
    }
    if (problem) {
      throw new Trouble("The camera is there and does not start: another program or page may have it; close that and try again.");
    }
    return stream.getVideoTracks()[0].label;
  });
  return stream;
}

function whereToAllow() {
  const agent = navigator.userAgent;
  if (/iPhone|iPad/.test(agent) || (/Macintosh/.test(agent) && navigator.maxTouchPoints > 1)) {
    return "In Safari, tap the sign left of the address, then Website Settings, Camera, Allow; or in the device's Settings, Apps, Safari, Camera. Then reload this page.";
  }
  if (/Android/.test(agent)) {
    return "Tap the sign left of the address, then Permissions, Camera, Allow; if it is not there, allow the browser the camera in the phone's Settings, Apps. Then reload this page.";
  }
  return "Click the camera sign, or the sign left of the address, allow the camera, and reload this page.";
}

async function gather(peer, servers) {
  const kinds = new Map();
  const done = new Promise((resolve) => {
    peer.addEventListener("icecandidate", ({ candidate }) => {
      if (!candidate) resolve();
      else if (candidate.candidate) kinds.set(candidate.type, (kinds.get(candidate.type) || 0) + 1);
    });
  });
  await peer.setLocalDescription(await peer.createOffer());
  await Promise.race([done, sleep(GATHER_MS)]);
  const wantsTurn = servers.some((server) => server.urls.startsWith("turn"));
  if (!kinds.size) {
    throw new Trouble("The browser found none: an extension or a setting for privacy keeps it from using WebRTC, or the device is in no network. Allow WebRTC, or use another browser.");
  }
  const words = { host: "in this network", srflx: "as seen from outside", prflx: "as seen by others", relay: "through the TURN server" };
  const found = [...kinds].map(([kind, count]) => `${count} ${words[kind] || kind}`).join(", ");
  return wantsTurn && !kinds.has("relay") ? `${found}; the TURN server gave none: check its address, user and password in Settings` : found;
}

async function connect(peer, channel, url) {
  const isOpen = new Promise((resolve, reject) => {
    channel.addEventListener("open", resolve);
    peer.addEventListener("connectionstatechange", () => {
      if (peer.connectionState === "failed") reject(new Trouble(blocked()));
    });
  });
  isOpen.catch(() => {});
  await peer.setRemoteDescription(await ask(url, peer.localDescription));
  const started = performance.now();
  const late = sleep(CONNECT_MS).then(() => {
    throw new Trouble(blocked());
  });
  late.catch(() => {});
  await Promise.race([isOpen, late]);
  return `after ${((performance.now() - started) / 1000).toFixed(1)} s`;
}

async function ask(url, offer) {
  let answer = null;
  try {
    answer = await fetch(new URL(url, document.baseURI), {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ type: offer.type, sdp: offer.sdp }),
      cache: "no-store",
    });
  } catch {
    throw new Trouble("The dashboard does not answer: is it still running, and is this device in the same network?");
  }
  if (answer.ok) return answer.json();
  const said = await answer.json().catch(() => ({}));
  throw new Trouble(said.error || `The dashboard refused the test (status ${answer.status}): reload this page.`);
}

function blocked() {
  return "The page came through, the picture does not: UDP is blocked on the way. Let the computer's firewall pass UDP to Python; use a network in which devices may reach one another (guest networks often forbid it); or name a TURN server in Settings.";
}

async function measure(channel) {
  const times = [];
  for (let number = 0; number < PINGS; number += 1) {
    const started = performance.now();
    const back = new Promise((resolve) => channel.addEventListener("message", resolve, { once: true }));
    channel.send(`ping ${number}`);
    const late = sleep(CONNECT_MS).then(() => {
      throw new Trouble("The connection came about and then said nothing more: the network is overloaded, or breaks off. Go nearer to the access point and try again.");
    });
    late.catch(() => {});
    await Promise.race([back, late]);
    times.push(performance.now() - started);
  }
  times.sort((a, b) => a - b);
  return `${Math.max(1, Math.round(times[(PINGS - 1) / 2]))} ms`;
}

function sleep(milliseconds) {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
