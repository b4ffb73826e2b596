// SPDX-License-Identifier: Apache-2.0
"use strict";

const main = document.getElementById("operations");

// An element with children, which are elements or texts; markup in a text stays text.
function element(name, attributes, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children.filter((child) => child !== null));
  return made;
}

// Text in which `words` between back quotes are code.
function prose(text) {
  const parts = text.split("`");
  return parts.map((part, index) => (index % 2 ? element("code", {}, part) : part));
}

function resolve(root, value) {
  if (!value?.$ref) return value;
  return value.$ref.slice(2).split("/").reduce((node, key) => node[key], root);
}

// What a value must be, in words.
function type(root, schema) {
  if (schema.$ref) return schema.$ref.split("/").pop();
  if (schema.anyOf) return schema.anyOf.map((one) => type(root, one)).join(" or ");
  if (schema.allOf) return schema.allOf.map((one) => type(root, one)).filter(Boolean).join(", ");
  if ("const" in schema) return JSON.stringify(schema.const);
  const types = [schema.type ?? []].flat().filter((one) => one !== "null");
  const limits = [];
  if (schema.items) limits.push(`of ${type(root, schema.items)}`);
  if (schema.format) limits.push(`(${schema.format})`);
  if (schema.enum) limits.push(`: ${schema.enum.join(", ")}`);
  if ("minimum" in schema) limits.push(`${schema.minimum} to ${schema.maximum ?? "…"}`);
  if (schema.multipleOf) limits.push(`multiple of ${schema.multipleOf}`);
  if (schema.maxLength) limits.push(`at most ${schema.maxLength} characters`);
  return [types.join(" or "), ...limits].join(" ");
}

function table(columns, rows) {
  const head = element("tr", {}, ...columns.map((name) => element("th", { scope: "col" }, name)));
  const body = rows.map((cells) =>
    element("tr", {}, ...cells.map((cell, index) =>
      index ? element("td", {}, ...[cell].flat()) : element("th", { scope: "row" }, ...[cell].flat()))));
  return element("div", { class: "wide" },
    element("table", {}, element("thead", {}, head), element("tbody", {}, ...body)));
}

function fields(root, schema) {
  const found = resolve(root, schema);
  const rows = Object.entries(found.properties ?? {}).map(([name, value]) => {
    const field = resolve(root, value);
    return [
      element("code", {}, name),
      [type(root, value), found.required?.includes(name) ? ", required" : ""].join(""),
      "default" in field ? JSON.stringify(field.default) : "",
      prose(field.description ?? ""),
    ];
  });
  return rows.length ? table(["Field", "Accepted", "Default", "Meaning"], rows) : null;
}

function parts(root, operation) {
  const made = [];
  const parameters = (operation.parameters ?? []).map((one) => [
    element("code", {}, one.name), one.in, type(root, one.schema), prose(one.description ?? ""),
  ]);
  if (parameters.length) made.push(table(["Parameter", "In", "Accepted", "Meaning"], parameters));
  const content = Object.entries(operation.requestBody?.content ?? {});
  if (content.length) {
    made.push(element("p", {}, `Body: ${content.map(([media]) => media).join(" or ")}`));
    made.push(fields(root, content[0][1].schema));
  }
  const answers = Object.entries(operation.responses).map(([status, answer]) => [
    status, prose(answer.description), Object.keys(answer.content ?? {}).join(", "),
  ]);
  made.push(table(["Status", "Meaning", "Content"], answers));
  return made;
}

function article(root, path, method, operation) {
  return element("article", { id: operation.operationId },
    element("h3", {}, element("code", { class: "method" }, method.toUpperCase()), element("code", {}, path)),
    element("p", {}, ...prose(operation.summary)),
    operation.description ? element("p", {}, ...prose(operation.description)) : null,
    ...parts(root, operation));
}

function show(root) {
  const operations = Object.entries(root.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method, operation })));
  const contents = element("ul", {});
  const sections = root.tags.map((tag) => {
    const anchor = tag.name.replaceAll(" ", "-");
    contents.append(element("li", {}, element("a", { href: `#${anchor}` }, tag.name)));
    const articles = operations
      .filter(({ operation }) => operation.tags.includes(tag.name))
      .map(({ path, method, operation }) => article(root, path, method, operation));
    return element("section", { id: anchor },
      element("h2", {}, tag.name), element("p", {}, tag.description), ...articles);
  });
  const schemas = Object.entries(root.components.schemas).map(([name, schema]) =>
    element("article", { id: `schema-${name}` }, element("h3", {}, name), fields(root, schema)));
  contents.append(element("li", {}, element("a", { href: "#schemas" }, "Schemas")));
  document.getElementById("contents").append(contents);
  main.replaceChildren(...sections, element("section", { id: "schemas" }, element("h2", {}, "Schemas"), ...schemas));
}

fetch("openapi.json")
  .then((response) => response.json())
  .then(show)
  .catch((error) => main.replaceChildren(element("p", { role: "alert" }, `The document cannot be shown: ${error.message}`)));
