// SPDX-License-Identifier: Apache-2.0

import { byID, element } from "../shared/dom.js";

const rows = [
  ["Prompt", (entry) => entry.parameters.prompt ?? ""],
  ["Negative prompt", (entry) => entry.parameters.negative_prompt ?? ""],
  ["Seed", (entry) => entry.seed],
  ["Size", (entry) => `${entry.width} × ${entry.height}`],
  ["Scheduler", (entry) => entry.parameters.scheduler ?? ""],
  ["Steps", (entry) => entry.parameters.num_inference_steps ?? ""],
  ["Guidance", (entry) => entry.parameters.guidance_scale ?? ""],
  ["Strength", (entry) => entry.parameters.strength ?? ""],
  ["Took", (entry) => (entry.seconds ? `${entry.seconds.toFixed(1)} s` : "")],
];

/** Shows two pictures side by side, and what they were asked for where that differs. */
export function compare(entries) {
  const dialog = byID("compare-dialog");
  const urls = entries.map((entry) => URL.createObjectURL(entry.blob));
  byID("compared").replaceChildren(
    ...entries.map((entry, index) =>
      element("figure", {},
        element("img", { src: urls[index], alt: entry.parameters.prompt || "Without a prompt" }),
        element("figcaption", {}, index === 0 ? "A" : "B"))),
  );
  const cells = rows
    .map(([name, read]) => [name, ...entries.map((entry) => String(read(entry)))])
    .filter(([, first, second]) => first !== "" || second !== "");
  byID("differences").replaceChildren(
    element("thead", {}, element("tr", {}, ...["", "A", "B"].map((name) => element("th", { scope: "col" }, name)))),
    element("tbody", {}, ...cells.map(([name, first, second]) =>
      element("tr", { className: first === second ? "same" : "differs" },
        element("th", { scope: "row" }, name), element("td", {}, first || "–"), element("td", {}, second || "–")))),
  );
  dialog.addEventListener("close", () => urls.forEach((url) => URL.revokeObjectURL(url)), { once: true });
  dialog.showModal();
}
