/* Notes: at a moment or over a part, listed in order, pressed to go there, written in place. */

import { button, el, formatTime, parseTime } from "./page.js";

export class Notes {
  element = el("section", { class: "pc-notes", "aria-label": "Notes" });
  #actions;
  #save;
  #signal;
  #list = el("ol", {});
  #form = null;
  #notes = null;
  #duration_s;
  #add;

  /** `save` takes {action, id, ...fields}; without it the notes can only be read. */
  constructor(actions, save, duration_s, signal) {
    this.#actions = actions;
    this.#duration_s = duration_s;
    this.#save = save;
    this.#signal = signal;
    const title = { title: "Write a note at this moment, or over the loop (N)" };
    this.#add = button("Add note", title, () => actions.writeNote(), signal);
    const head = el("div", { class: "pc-notes-head" }, el("h4", {}, "Notes"));
    if (save) head.append(this.#add);
    this.element.append(head, this.#list);
  }

  get canWrite() {
    return Boolean(this.#save);
  }

  /** Show what is stored; a note that is being written stays, and is written on. */
  show(notes) {
    const isNew = JSON.stringify(notes) !== JSON.stringify(this.#notes);
    this.#notes = notes;
    if (this.#form?.isConnected && !(isNew && this.#form.dataset.saving)) {
      this.#setSaving(false);
      return;
    }
    const isHere = this.element.contains(document.activeElement) || this.#form?.dataset.saving;
    if (isNew || !this.#list.childElementCount) this.#rebuild();
    if (isHere) this.#add.focus({ preventScroll: true });
  }

  #rebuild() {
    const notes = this.#notes;
    this.#form = null;
    this.element.hidden = !this.#save && !notes.length;
    this.#list.replaceChildren(...notes.map((note) => this.#createItem(note)));
    if (!notes.length) {
      const text = "No notes yet. Press N, or Add note, to write one at this moment.";
      this.#list.append(el("li", { class: "pc-quiet" }, text));
    }
  }

  #createItem(note) {
    const { start_s, end_s, text, tag, author } = note;
    const when = end_s === null ? formatTime(start_s) : `${formatTime(start_s)}–${formatTime(end_s)}`;
    const go = () => this.#actions.goTo(start_s, end_s);
    const item = el("li", {}, button(when, { class: "pc-when", title: "Go there" }, go, this.#signal));
    if (tag) item.append(el("span", { class: "pc-note-tag" }, tag));
    item.append(el("span", { class: "pc-note-text" }, text));
    if (author) item.append(el("span", { class: "pc-note-author" }, `by ${author}`));
    if (this.#save && note.can_change) item.append(this.#createEdit(note, item));
    return item;
  }

  #createEdit(note, item) {
    const label = (verb) => ({ "aria-label": `${verb} the note at ${formatTime(note.start_s)}` });
    const edit = button("Edit", label("Edit"), () => this.write(note, item), this.#signal);
    const ask = () => {
      const keep = button("Keep", {}, () => this.#rebuild(), this.#signal);
      const remove = button(
        "Delete",
        { class: "pc-danger" },
        () => this.#save({ action: "delete", id: note.id }),
        this.#signal,
      );
      item.lastChild.replaceChildren("Delete this note?", remove, keep);
      remove.focus();
    };
    const remove = button("Delete", label("Delete"), ask, this.#signal);
    return el("span", { class: "pc-note-edit" }, edit, remove);
  }

  /** Open the form for a note, in the place of its item, or for a new one on top. */
  write(note, item = null) {
    this.#rebuild();
    const form = this.#createForm(note);
    this.#form = form;
    if (item) [...this.#list.children][this.#notes.indexOf(note)].replaceChildren(form);
    else this.#list.prepend(el("li", {}, form));
    form.elements.text.focus({ preventScroll: true });
    form.scrollIntoView({ block: "nearest" });
  }

  #createForm(note) {
    const field = (name, label, value, attributes = {}) => {
      const input = el("input", { name, value: value ?? "", "aria-label": label, ...attributes });
      input.placeholder = label;
      return input;
    };
    const time = (value) => (value === null ? "" : formatTime(value));
    const problem = el("p", { class: "pc-problem", role: "alert", hidden: "" });
    const form = el(
      "form",
      { class: "pc-note-form" },
      field("text", "What do you see?", note.text, { required: "", maxlength: 2000 }),
      field("tag", "Tag", note.tag, { maxlength: 50, list: "pc-note-tags" }),
      field("start", "From", time(note.start_s), { class: "pc-short" }),
      field("end", "To (optional)", time(note.end_s), { class: "pc-short" }),
      button("Save", { type: "submit", class: "pc-primary" }, () => {}, this.#signal),
      button("Cancel", {}, () => this.#cancel(), this.#signal),
      this.#createTags(),
      problem,
    );
    const submit = (event) => {
      event.preventDefault();
      if (form.dataset.saving) return;
      const fields = readForm(form.elements, this.#duration_s);
      problem.hidden = !fields.problem;
      problem.textContent = fields.problem ?? "";
      if (fields.problem) return;
      this.#setSaving(true);
      this.#save({ action: note.id ? "update" : "add", id: note.id, ...fields });
    };
    form.addEventListener("submit", submit, { signal: this.#signal });
    form.addEventListener("keydown", (event) => {
      if (event.key === "Escape") this.#cancel();
    });
    return form;
  }

  /** One note is saved once, however often Enter is pressed. */
  #setSaving(isSaving) {
    if (isSaving) this.#form.dataset.saving = "true";
    else delete this.#form.dataset.saving;
    for (const element of this.#form.elements) element.disabled = isSaving;
  }

  #cancel() {
    this.#rebuild();
    this.#add.focus({ preventScroll: true });
  }

  #createTags() {
    const tags = new Set(this.#notes.map(({ tag }) => tag).filter(Boolean));
    return el("datalist", { id: "pc-note-tags" }, ...[...tags].map((value) => el("option", { value })));
  }
}

function readForm({ text, tag, start, end }, duration_s) {
  const fields = {
    text: text.value.trim(),
    tag: tag.value.trim(),
    start_s: parseTime(start.value),
    end_s: end.value.trim() ? parseTime(end.value) : null,
  };
  if (Number.isNaN(fields.start_s) || Number.isNaN(fields.end_s))
    return { problem: "Write a time as minutes and seconds, for example 0:12.5." };
  if (Math.max(fields.start_s, fields.end_s ?? 0) > duration_s + 0.05)
    return { problem: `The session ends at ${formatTime(duration_s)}; write an earlier time.` };
  if (fields.end_s !== null && fields.end_s < fields.start_s)
    return { problem: "The note ends before it starts; swap the two times." };
  return fields;
}
