// SPDX-License-Identifier: Apache-2.0

import { API, APIError } from "../shared/api.js";
import { byID } from "../shared/dom.js";

const storageName = "darkroom.key";

/** The key, which stays in this browser, and the credits it has. */
export class Account {
  #dialog = byID("key-dialog");
  #input = byID("key");
  #error = byID("key-error");

  /** @param onChange Called when there is another key. */
  constructor(onChange) {
    this.api = new API(() => this.key);
    this.onChange = onChange;
    byID("key-button").addEventListener("click", () => this.ask());
    byID("close-key").addEventListener("click", () => this.#dialog.close());
    byID("forget-key").addEventListener("click", () => {
      localStorage.removeItem(storageName);
      this.#dialog.close();
      byID("credits").hidden = true;
      this.onChange();
    });
    byID("key-form").addEventListener("submit", (event) => {
      event.preventDefault();
      this.#try(this.#input.value.trim());
    });
  }

  get key() {
    return this.needsKey ? (localStorage.getItem(storageName) ?? "") : "";
  }

  /** Begins, on a server that needs keys or does not. */
  start(needsKey) {
    this.needsKey = needsKey;
    byID("key-button").hidden = !needsKey;
    if (!needsKey) return;
    if (this.key) this.refresh();
    else this.ask();
  }

  /** Shows where a key is entered, and why. */
  ask(reason = "") {
    this.#input.value = this.key;
    this.#show(reason);
    if (!this.#dialog.open) this.#dialog.showModal();
    this.#input.focus();
  }

  /** Shows how many credits are left. */
  async refresh() {
    if (!this.key) return;
    try {
      this.#showCredits(await this.api.json("GET", "v1/get-user-credits"));
    } catch (error) {
      byID("credits").hidden = true;
      if (error instanceof APIError && error.status === 401) this.ask(error.message);
    }
  }

  /** Keeps a key that the server accepts. */
  async #try(key) {
    try {
      if (key === "") throw new Error("Enter a key.");
      if (!/^[\x21-\x7e]+$/.test(key)) throw new Error("This is no key: it has characters that no key has.");
      this.#showCredits(await new API(() => key).json("GET", "v1/get-user-credits"));
    } catch (error) {
      // A key that may only make pictures cannot see its credits.
      if (error.code !== "insufficient_scope") return this.#show(error.message);
      byID("credits").hidden = true;
    }
    localStorage.setItem(storageName, key);
    this.#dialog.close();
    this.onChange();
  }

  #show(error) {
    this.#error.textContent = error;
    this.#error.hidden = error === "";
  }

  #showCredits({ credits }) {
    const chip = byID("credits");
    chip.textContent = `${credits.toLocaleString(undefined, { maximumFractionDigits: 3 })} credits left`;
    chip.hidden = false;
  }
}
