/* What a coach says to the athlete: words, an arrow at a joint, a moment that is marked. */

import { button, el, setText } from "../player/page.js";

const NO_JOINT = "";
const NOT_SENT = "Not sent: the line to the dashboard is cut.";

/** `send` takes a message and says whether it went out. */
export class CueBar {
  element;
  onJoint = () => {};
  #send;
  #joints;
  #joint;
  #words;
  #buttons;
  #answer = el("p", { class: "au-answer", role: "status" });
  #n = 0;

  constructor({ joints, max_characters }, send, signal) {
    this.#send = send;
    this.#joints = joints;
    const options = [el("option", { value: NO_JOINT }, "No arrow")];
    for (const { name, label } of joints) options.push(el("option", { value: name }, label));
    this.#joint = el("select", { "aria-label": "Arrow at" }, ...options);
    this.#words = el("input", {
      type: "text",
      maxlength: String(max_characters),
      placeholder: "Words for the athlete",
      "aria-label": "Words for the athlete",
      autocomplete: "off",
      enterkeyhint: "send",
    });
    const show = el("button", { type: "submit", class: "au-primary" }, "Show");
    const mark = button("Mark this moment", {}, () => this.#say({ kind: "mark" }), signal);
    this.#buttons = [show, mark, this.#joint, this.#words];
    const form = el("form", { class: "au-cue" }, this.#words, this.#joint, show, mark);
    const submit = (event) => {
      event.preventDefault();
      this.#show();
    };
    form.addEventListener("submit", submit, { signal });
    this.#joint.addEventListener("change", () => this.onJoint(this.joint), { signal });
    const title = el("h3", {}, "Cue for the athlete");
    this.element = el("section", { class: "au-cues" }, title, form, this.#answer);
  }

  /** The joint that is chosen: { name, landmark, label }, or undefined. */
  get joint() {
    return this.#joints.find(({ name }) => name === this.#joint.value);
  }

  choose(name) {
    this.#joint.value = name;
    this.onJoint(this.joint);
  }

  /** Whether cues may be sent, and why not; `atS` of a cue is what `find` says. */
  allow(isAllowed, why) {
    for (const each of this.#buttons) each.disabled = !isAllowed;
    if (why) this.say(why);
    else if (!this.#answer.dataset.cue) this.say("");
  }

  say(text, cue = "") {
    setText(this.#answer, text);
    this.#answer.dataset.cue = cue;
  }

  /** What the server answers about a cue. */
  hear({ type, id, is_recorded: isRecorded, detail }) {
    if (id !== undefined && id !== this.#n) return;
    const said = {
      cue_shown: isRecorded
        ? "Shown; it is being kept as a note."
        : "Shown. It is not kept, because nothing is being recorded.",
      cue_kept: "Shown, and kept as a note.",
      cue_lost: detail,
      error: detail,
    }[type];
    this.say(said, type);
  }

  #show() {
    const text = this.#words.value.trim();
    const { joint } = this;
    if (!text && !joint) {
      this.say("Type a few words or choose a joint first.", "empty");
      this.#words.focus();
      return;
    }
    if (this.#say(joint ? { kind: "arrow", joint: joint.name, text } : { kind: "text", text })) {
      this.#words.value = "";
      this.choose(NO_JOINT);
    }
  }

  #say(cue) {
    this.#n += 1;
    const isOut = this.#send({ type: "cue", id: this.#n, ...cue });
    this.say(isOut ? "…" : NOT_SENT, "sent");
    return isOut;
  }
}
