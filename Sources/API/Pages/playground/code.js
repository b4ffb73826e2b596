// SPDX-License-Identifier: Apache-2.0

import { base } from "../shared/api.js";
import { button, byID, copy } from "../shared/dom.js";
import { languages } from "./snippets.js";

/** The form as a request to paste, in the reader's language. */
export class CodePanel {
  #language = Object.keys(languages)[0];
  #buttons;

  /** @param read Gives the request: `{ model, fields, file, key }`, the key empty if there is none and null if none is needed. */
  constructor(read) {
    this.read = read;
    this.#buttons = Object.keys(languages).map((name) =>
      button(name, () => {
        this.#language = name;
        this.update();
      }, { "aria-pressed": "false" }));
    byID("languages").append(...this.#buttons);
    byID("with-key").addEventListener("change", () => this.update());
    byID("copy-code").addEventListener("click", () => this.#copy());
  }

  update() {
    const { model, fields, file, key } = this.read();
    for (const choice of this.#buttons) {
      choice.setAttribute("aria-pressed", String(choice.textContent === this.#language));
    }
    byID("with-key-row").hidden = !key;
    const shownKey = key && byID("with-key").checked ? key : "YOUR_API_KEY";
    byID("code").textContent = languages[this.#language]({
      url: new URL(`v1/${model}`, base).href,
      fields,
      key: key === null ? null : shownKey,
      file,
      savesPicture: (fields.samples ?? 1) === 1 && !fields.base64,
    });
    byID("code-help").textContent =
      file === null
        ? "The form as it is now, as a request to paste."
        : `The form as it is now. Run it in the folder of the reference picture, ${file}.`;
  }

  async #copy() {
    const control = byID("copy-code");
    try {
      await copy(byID("code").textContent);
      control.textContent = "Copied";
    } catch {
      control.textContent = "Not copied";
    }
    setTimeout(() => (control.textContent = "Copy"), 1500);
  }
}
