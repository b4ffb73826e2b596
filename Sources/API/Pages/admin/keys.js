// SPDX-License-Identifier: Apache-2.0

import { button, byID, copy, element, moment } from "../shared/dom.js";
import { showFieldError, clearErrors } from "./errors.js";
import { fillTable } from "./tables.js";

/** The keys: listed, made, revoked. */
export class Keys {
  /** @param onChange Called when a key was made, which may have opened an account. */
  constructor(api, onChange) {
    this.api = api;
    this.onChange = onChange;
    byID("create-key").addEventListener("submit", (event) => {
      event.preventDefault();
      this.#create(event.target);
    });
  }

  async load() {
    const { keys } = await this.api.json("GET", "v1/admin/keys");
    const rows = keys.map((key) => ({
      className: key.state === "active" ? "" : "ended",
      cells: [
        element("span", { className: "mono" }, key.id),
        key.account,
        key.state,
        key.scopes.join(", "),
        limits(key),
        moment(key.created_at),
        key.expires_at ? moment(key.expires_at) : "–",
        key.state === "active"
          ? button("Revoke", () => this.#revoke(key), { className: "danger", "aria-label": `Revoke key ${key.id}` })
          : "",
      ],
    }));
    fillTable(
      byID("keys"),
      ["Id", "Account", "State", "Scopes", "Limits", "Created", "Expires", ""],
      rows,
      "There are no keys.",
    );
  }

  async #create(form) {
    clearErrors(form);
    const { account, days, rate, spend } = form.elements;
    const order = { account: account.value.trim(), scopes: new FormData(form).getAll("scopes") };
    if (days.value) order.expires_in = Number(days.value) * 86_400;
    if (rate.value) order.requests_per_minute = Number(rate.value);
    if (spend.value) order.spend_limit = Number(spend.value);
    try {
      const made = await this.api.json("POST", "v1/admin/keys", { body: JSON.stringify(order) });
      this.#show(made);
      await this.onChange();
    } catch (error) {
      showFieldError(form, error);
    }
  }

  /** Shows a new key, this once. */
  #show({ key, account }) {
    const copied = button("Copy", async () => {
      await copy(key);
      copied.textContent = "Copied";
    });
    byID("new-key").replaceChildren(
      `The new key of ${account}, shown this once: `,
      element("code", { id: "new-key-text" }, key),
      " ",
      copied,
    );
    byID("new-key").hidden = false;
  }

  async #revoke(key) {
    const dialog = byID("revoke-dialog");
    byID("revoke-text").textContent = `Revoke key ${key.id} of ${key.account}? It never works again.`;
    dialog.returnValue = "no";
    dialog.showModal();
    await new Promise((resolve) => dialog.addEventListener("close", resolve, { once: true }));
    if (dialog.returnValue !== "yes") return;
    try {
      await this.api.json("DELETE", `v1/admin/keys/${key.id}`);
      await this.load();
    } catch (error) {
      showFieldError(byID("create-key"), error);
    }
  }
}

const periods = { 1: "a second", 60: "a minute", 3600: "an hour", 86400: "a day" };

function limits({ rate_limit: rate, spend_limit: spend }) {
  const parts = [];
  if (rate) parts.push(`${rate.requests} ${periods[rate.period] ?? `in ${rate.period} s`}`);
  if (spend) parts.push(`${spend.amount} credits${spend.period === "total" ? "" : ` a ${spend.period}`}`);
  return parts.join(", ") || "–";
}
