// The sounds of the live room; none before somebody pressed something, which browsers insist on.

export function makeSounds() {
  let audio = null;
  const sounds = { tone, play, close };

  function tone(frequency, seconds, delay = 0) {
    audio ??= new AudioContext();
    const start = audio.currentTime + delay;
    const oscillator = audio.createOscillator();
    const gain = audio.createGain();
    oscillator.frequency.value = frequency;
    gain.gain.setValueAtTime(0.2, start);
    gain.gain.exponentialRampToValueAtTime(0.001, start + seconds);
    oscillator.connect(gain).connect(audio.destination);
    oscillator.start(start);
    oscillator.stop(start + seconds);
  }

  // A tick each second of the countdown, a long high tone at the start, a low one at the end.
  function play(before, now) {
    const tick = (status) => (status.recorder === "countdown" ? Math.ceil(status.countdown_s) : 0);
    if (tick(now) && tick(now) !== tick(before)) tone(660, 0.12);
    if (now.recorder === "recording" && before.recorder !== "recording") tone(990, 0.5);
    if (now.recorder !== "recording" && before.recorder === "recording") tone(440, 0.4);
  }

  function close() {
    audio?.close();
  }

  return sounds;
}
