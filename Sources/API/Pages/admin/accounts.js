// SPDX-License-Identifier: Apache-2.0

import { byID, element, moment } from "../shared/dom.js";
import { showFieldError, clearErrors, showProblem } from "./errors.js";
import { fillTable } from "./tables.js";

const pageSize = 100;

/** The accounts and what they can spend. */
export class Accounts {
  #accounts = [];

  constructor(api) {
    this.api = api;
    byID("more-accounts").addEventListener("click", () => this.#more().catch((error) => showProblem(error.message)));
    byID("grant").addEventListener("submit", (event) => {
      event.preventDefault();
      this.#grant(event.target);
    });
  }

  async load() {
    this.#accounts = [];
    await this.#more();
  }

  async #more() {
    const last = this.#accounts.at(-1);
    const after = last ? `&after=${encodeURIComponent(last.account)}` : "";
    const { accounts } = await this.api.json("GET", `v1/admin/accounts?limit=${pageSize}${after}`);
    this.#accounts.push(...accounts);
    byID("more-accounts").hidden = accounts.length < pageSize;
    this.#show();
  }

  #show() {
    fillTable(
      byID("accounts"),
      ["Account", "Credits", "Reserved", "Opened"],
      this.#accounts.map(({ account, credits, reserved, created_at: opened }) => ({
        cells: [account, credits, reserved, moment(opened)],
      })),
      "There are no accounts.",
    );
    const choice = byID("grant-account");
    const chosen = choice.value;
    choice.replaceChildren(...this.#accounts.map(({ account }) => element("option", { value: account }, account)));
    if (this.#accounts.some(({ account }) => account === chosen)) choice.value = chosen;
  }

  async #grant(form) {
    clearErrors(form);
    const { account, amount } = form.elements;
    try {
      const path = `v1/admin/accounts/${encodeURIComponent(account.value)}/credits`;
      const changed = await this.api.json("POST", path, { body: JSON.stringify({ amount: Number(amount.value) }) });
      const place = this.#accounts.findIndex((known) => known.account === changed.account);
      this.#accounts[place] = changed;
      amount.value = "";
      this.#show();
    } catch (error) {
      showFieldError(form, error);
    }
  }
}
