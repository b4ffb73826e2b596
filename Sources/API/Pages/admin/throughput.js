// SPDX-License-Identifier: Apache-2.0

const namespace = "http://www.w3.org/2000/svg";

function shape(name, attributes, text) {
  const node = document.createElementNS(namespace, name);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  if (text !== undefined) node.textContent = text;
  return node;
}

/** The smallest of 1, 2, 5, 10, 20, … that is not below `value`. */
function ceiling(value) {
  for (let power = 1; ; power *= 10) {
    for (const step of [1, 2, 5]) if (step * power >= value) return step * power;
  }
}

const clock = new Intl.DateTimeFormat(undefined, { timeStyle: "short" });

/**
 * A bar for each span of time, what failed on top of what did not.
 *
 * @param throughput `{ start, interval, completed, failed }` as the server tells it.
 * @param width The width of the graph in pixels.
 */
export function drawThroughput({ start, interval, completed, failed }, width) {
  const height = 176;
  const plot = { left: 36, right: width - 8, top: 10, bottom: height - 24 };
  const count = completed.length;
  const sums = completed.map((value, index) => value + failed[index]);
  const top = ceiling(Math.max(...sums, 1));
  const x = (index) => plot.left + ((plot.right - plot.left) * index) / count;
  const y = (value) => plot.bottom - ((plot.bottom - plot.top) * value) / top;
  const total = (values) => values.reduce((sum, value) => sum + value, 0);
  const minutes = Math.round((count * interval) / 60);
  const svg = shape("svg", {
    class: "graph",
    viewBox: `0 0 ${width} ${height}`,
    role: "img",
    "aria-label":
      `In the last ${minutes} minutes ${total(completed)} requests were finished and ${total(failed)} failed; ` +
      `${sums.at(-1)} in the present minute, at most ${Math.max(...sums)} in one.`,
  });
  const hatch = shape("pattern", { id: "hatch", width: 4, height: 4, patternUnits: "userSpaceOnUse" });
  hatch.append(
    shape("rect", { width: 4, height: 4, class: "hatch-ground" }),
    shape("path", { d: "M0 4 4 0", class: "hatch-line" }),
  );
  const definitions = shape("defs", {});
  definitions.append(hatch);
  svg.append(definitions);
  for (const value of top === 1 ? [0, 1] : [0, top / 2, top]) {
    svg.append(
      shape("line", { class: "grid", x1: plot.left, x2: plot.right, y1: y(value), y2: y(value) }),
      shape("text", { x: plot.left - 6, y: y(value) + 4, "text-anchor": "end" }, String(value)),
    );
  }
  const bar = Math.max((plot.right - plot.left) / count - 2, 1);
  for (let index = 0; index < count; index += 1) {
    const at = new Date(new Date(start).getTime() + index * interval * 1000);
    if (index % 15 === 0) {
      svg.append(shape("text", { x: x(index), y: height - 6, "text-anchor": "start" }, clock.format(at)));
    }
    const group = shape("g", {});
    group.append(shape("title", {}, `${clock.format(at)}: ${completed[index]} finished, ${failed[index]} failed`));
    if (completed[index] > 0) {
      group.append(shape("rect", {
        class: "done", x: x(index), width: bar, y: y(completed[index]), height: plot.bottom - y(completed[index]),
      }));
    }
    if (failed[index] > 0) {
      group.append(shape("rect", {
        class: "bad", x: x(index), width: bar, y: y(sums[index]), height: y(completed[index]) - y(sums[index]),
      }));
    }
    svg.append(group);
  }
  return svg;
}
