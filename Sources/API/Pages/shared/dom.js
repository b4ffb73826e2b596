// SPDX-License-Identifier: Apache-2.0

/** The element with this id. */
export const byID = (id) => document.getElementById(id);

/** A new element with properties, `data-` and `aria-` attributes among them, and children: elements or text. */
export function element(name, properties = {}, ...children) {
  const node = document.createElement(name);
  for (const [key, value] of Object.entries(properties)) {
    if (value === undefined || value === null) continue;
    if (key.includes("-") || key === "role" || key === "for") node.setAttribute(key, value);
    else node[key] = value;
  }
  node.append(...children.filter((child) => child !== null && child !== undefined));
  return node;
}

/** A button that does `action` when it is pressed. */
export function button(label, action, properties = {}) {
  const node = element("button", { type: "button", ...properties }, label);
  node.addEventListener("click", action);
  return node;
}

/** A term and what it is, for a `dl`. */
export const fact = (term, value) => element("div", {}, element("dt", {}, term), element("dd", {}, value));

/** Seconds as people say them. */
export function duration(seconds) {
  if (seconds < 1) return "less than a second";
  if (seconds < 90) return `${Math.round(seconds)} s`;
  if (seconds < 5400) return `${Math.round(seconds / 60)} min`;
  return `${(seconds / 3600).toFixed(1)} h`;
}

/** A moment in the reader's own words and time zone. */
export const moment = (date) =>
  new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" }).format(new Date(date));

/** Copies text; where the browser allows that to secure pages only, by selecting it in an element. */
export async function copy(text) {
  if (navigator.clipboard) return navigator.clipboard.writeText(text);
  const area = element("textarea", { value: text, className: "visually-hidden", "aria-hidden": "true" });
  document.body.append(area);
  area.select();
  const isCopied = document.execCommand("copy");
  area.remove();
  if (!isCopied) throw new Error("The browser did not allow copying.");
}
