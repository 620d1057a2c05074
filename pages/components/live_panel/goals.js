// Goals: how often each was reached, where the angle is against the zone, and a sound for coming in
// and for leaving.

const ZONE_WORDS = { in: "✓ in zone", out: "○ outside", unseen: "– not seen" };

export function makeGoals(host, send, sounds) {
  let cards = [];
  let shownLabels = "";
  const list = document.createElement("div");
  list.className = "goal-list";
  const again = document.createElement("button");
  again.type = "button";
  again.textContent = "Count anew";
  again.addEventListener("click", () => send({ do: "reset" }));
  const moment = document.createElement("span");
  moment.className = "goal-moment";
  const head = document.createElement("div");
  head.className = "goals-head";
  head.append(moment, again);
  host.append(head, list);
  host.hidden = true;

  // Cut off from the server, what was counted stays on the screen.
  function show(status, before, { parts }) {
    if (!status.goals) return;
    const labels = status.goals.map(({ label }) => label).join("\n");
    if (labels !== shownLabels) {
      cards = status.goals.map(makeGoalCard);
      list.replaceChildren(...cards.map(({ element }) => element));
      shownLabels = labels;
    }
    host.hidden = !cards.length;
    again.disabled = status.is_recording;
    const { is_late: isLate, delay_s: delay } = parts.mirror_delay || {};
    setWords(moment, isLate ? `Goals, of now: the picture is ${delay} s old.` : "Goals");
    status.goals.forEach((goal, i) => {
      cards[i].show(goal, status.is_recording);
      if (status.has_sound) sound(before.goals?.find(({ label }) => label === goal.label), goal);
    });
  }

  // Upwards into the zone, downwards out of it. A visit shorter than from one news to the next is
  // heard, too.
  function sound(before, now) {
    if (!before) return;
    if (now.n_entered > before.n_entered) {
      sounds.tone(784, 0.12);
      sounds.tone(1175, 0.25, 0.1);
    } else if (now.n_left > before.n_left) {
      sounds.tone(587, 0.12);
      sounds.tone(392, 0.25, 0.1);
    }
  }

  return { show };
}

function makeGoalCard({ label, side }) {
  const element = document.createElement("div");
  element.className = `goal ${side}`;
  const add = (parent, name, tag = "span") => {
    const part = document.createElement(tag);
    part.className = name;
    parent.append(part);
    return part;
  };
  const head = add(element, "goal-head", "div");
  add(head, "goal-label").textContent = label;
  const zone = add(head, "goal-zone");
  const numbers = add(element, "goal-numbers", "div");
  const addNumber = (name, unit, spoken = unit) => {
    const pair = add(numbers, `goal-number ${name}`, "div");
    const value = add(pair, "goal-value", "output");
    value.setAttribute("aria-label", `${label}: ${spoken}`);
    if (name !== "count") value.setAttribute("aria-live", "off"); // too often to be read aloud
    add(pair, "goal-unit").textContent = unit;
    return value;
  };
  const count = addNumber("count", "repetitions");
  const inZone = addNumber("time", "in the zone", "time in the zone");
  const best = addNumber("best", "best");
  const bar = add(element, "goal-bar", "div");
  const band = add(bar, "goal-band");
  const marker = add(bar, "goal-marker");
  const now = add(marker, "goal-now");
  const last = add(element, "goal-last", "div");

  function show(goal, isRecording) {
    const place = (degrees) => (100 * (degrees - goal.lowest_deg)) / (goal.highest_deg - goal.lowest_deg);
    element.dataset.zone = goal.zone;
    setWords(zone, ZONE_WORDS[goal.zone]);
    setWords(count, String(goal.n_repetitions));
    setWords(inZone, `${goal.in_zone_s.toFixed(1)} s`);
    setWords(best, goal.best_deg === null ? "–" : `${goal.best_deg}°`);
    band.style.left = `${place(goal.low_deg)}%`;
    band.style.width = `${place(goal.high_deg) - place(goal.low_deg)}%`;
    marker.hidden = goal.value_deg === null;
    if (goal.value_deg !== null) marker.style.left = `${place(goal.value_deg)}%`;
    setWords(now, goal.value_deg === null ? "" : `${goal.value_deg}°`);
    setWords(last, describeCount(goal, isRecording));
  }

  return { element, show };
}

function setWords(element, words) {
  if (element.textContent !== words) element.textContent = words;
}

function describeCount({ last }, isRecording) {
  if (isRecording) return "Counts this recording.";
  if (!last) return "Counts while the camera runs.";
  const times = last.n_repetitions === 1 ? "once" : `${last.n_repetitions} times`;
  return `Recorded: ${times}, in the zone for ${last.in_zone_s.toFixed(1)} s.`;
}
