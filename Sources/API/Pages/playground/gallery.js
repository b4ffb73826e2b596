// SPDX-License-Identifier: Apache-2.0

import { byID, element } from "../shared/dom.js";
import { capacity } from "./history.js";

/** The small pictures of the history. */
export class Gallery {
  #list = byID("gallery");
  #items = new Map();
  #count = byID("history-count");

  /** @param onChoose Called with the entry whose picture is pressed. */
  constructor(onChoose) {
    this.onChoose = onChoose;
  }

  /** Shows entries, the newest first. */
  fill(entries) {
    for (const id of [...this.#items.keys()]) this.#drop(id);
    for (const entry of entries) this.#list.append(this.#item(entry));
    this.#recount();
  }

  /** Shows a new entry before all others, and in the place of one that has its id. */
  add(entry) {
    this.#drop(entry.id);
    this.#list.prepend(this.#item(entry));
    this.#recount();
  }

  remove(id) {
    this.#drop(id);
    this.#recount();
  }

  /** Marks the entries that are shown or chosen. */
  mark(ids) {
    for (const [id, { choice }] of this.#items) choice.setAttribute("aria-pressed", String(ids.includes(id)));
  }

  #item(entry) {
    const url = URL.createObjectURL(entry.blob);
    const label = `${entry.parameters.prompt || "Without a prompt"}, seed ${entry.seed}`;
    const choice = element("button", { type: "button", "aria-pressed": "false", "aria-label": label, title: label },
      element("img", { src: url, alt: "", loading: "lazy", width: entry.width, height: entry.height }));
    choice.addEventListener("click", () => this.onChoose(entry));
    const item = element("li", {}, choice);
    this.#items.set(entry.id, { item, choice, url });
    return item;
  }

  #drop(id) {
    const shown = this.#items.get(id);
    if (!shown) return;
    shown.item.remove();
    URL.revokeObjectURL(shown.url);
    this.#items.delete(id);
  }

  #recount() {
    const { size } = this.#items;
    this.#count.textContent = size === 0 ? "" : `${size} of at most ${capacity}`;
    byID("compare").hidden = size < 2;
    byID("clear-history").hidden = size === 0;
  }
}
