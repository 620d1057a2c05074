/* The line to a live stream: hears frames and how it stands, sends cues, knows how far behind it is,
 * and comes back by itself when it was cut. */

const AGAIN_MS = [1000, 2000, 5000];
const PING_MS = 2000;
const N_PINGS = 8;
const READ_EVERY = 10; // messages of bytes, after which the server hears that they came
const SIGNED_OUT = "You are signed out: reload the page to sign in again.";
const CUT = "The line to the dashboard was cut; trying again …";

/** Two clocks brought together: of the last questions, the one answered fastest counts. */
export class ServerClock {
  #answers = [];

  hear(at, clockMs, now) {
    const trip = now - at;
    this.#answers.push({ trip, offset: clockMs - (at + trip / 2) });
    if (this.#answers.length > N_PINGS) this.#answers.shift();
  }

  /** Milliseconds since something happened there; NaN before the first answer. */
  since(serverMs, now) {
    if (!this.#answers.length) return NaN;
    const best = this.#answers.reduce((a, b) => (b.trip < a.trip ? b : a));
    return Math.max(0, now + best.offset - serverMs);
  }
}

/** Counts what comes on a socket and tells the server, so that it never sends far ahead of it. */
export function countReceived(socket) {
  let nRead = 0;
  const ping = () =>
    socket.readyState === WebSocket.OPEN &&
    socket.send(JSON.stringify({ type: "ping", at: performance.now(), n_read: nRead }));
  const count = () => {
    nRead += 1;
    if (nRead % READ_EVERY === 0) ping();
  };
  return { count, ping };
}

/** `hear` gets each message; `takeFrame` the bytes of each frame; `lose` why there is none. */
export function openLine(url, { hear, takeFrame, lose }) {
  const clock = new ServerClock();
  let socket = null;
  let again = null;
  let isClosed = false;
  let nLost = 0;
  let lastError = "";
  let received = null;
  open();
  const pings = setInterval(() => received.ping(), PING_MS);

  function open() {
    lastError = "";
    socket = new WebSocket(url);
    socket.binaryType = "arraybuffer";
    received = countReceived(socket);
    socket.onopen = received.ping;
    socket.onmessage = ({ data }) => {
      if (typeof data !== "string") {
        received.count();
        takeFrame(data);
        return;
      }
      const message = JSON.parse(data);
      if (message.type === "pong") clock.hear(message.at, message.clock_ms, performance.now());
      else {
        if (message.type === "error") lastError = message.detail;
        if (message.type === "watching") nLost = 0;
        hear(message);
      }
    };
    socket.onclose = ({ code }) => {
      if (isClosed) return;
      const isRefused = code >= 4400 && code < 4500;
      const why = code === 4401 ? SIGNED_OUT : lastError;
      lose(isRefused && why ? why : CUT, isRefused);
      again = setTimeout(open, isRefused ? AGAIN_MS.at(-1) : AGAIN_MS[Math.min(nLost, 2)]);
      nLost += 1;
    };
  }

  /** Whether it could be sent. */
  function send(message) {
    if (socket.readyState !== WebSocket.OPEN) return false;
    socket.send(JSON.stringify(message));
    return true;
  }

  function close() {
    isClosed = true;
    clearInterval(pings);
    clearTimeout(again);
    socket.close();
  }

  return { send, close, since: (serverMs) => clock.since(serverMs, performance.now()) };
}
