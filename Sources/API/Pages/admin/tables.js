// SPDX-License-Identifier: Apache-2.0

import { element } from "../shared/dom.js";

/** Fills a table: titles, then rows of cells, which are text or elements. Says so when there is nothing. */
export function fillTable(table, titles, rows, empty) {
  const head = element("thead", {}, element("tr", {}, ...titles.map((title) => element("th", { scope: "col" }, title))));
  const cell = (content) => element("td", { className: typeof content === "number" ? "number" : "" }, show(content));
  const body = rows.length === 0
    ? [element("tr", {}, element("td", { colSpan: titles.length, className: "help" }, empty))]
    : rows.map(({ cells, className }) => element("tr", { className: className ?? "" }, ...cells.map(cell)));
  table.replaceChildren(head, element("tbody", {}, ...body));
}

const show = (content) =>
  typeof content === "number" ? content.toLocaleString(undefined, { maximumFractionDigits: 6 }) : content;
