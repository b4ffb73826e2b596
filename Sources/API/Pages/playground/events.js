// SPDX-License-Identifier: Apache-2.0

/**
 * The events of a `text/event-stream`, as `{ id, event, data }` with text in each.
 *
 * The browser's own EventSource cannot send a key.
 */
export async function* readEvents(body) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  let event = {};
  try {
    while (true) {
      const { value, done } = await reader.read();
      if (done) return;
      const lines = (rest + value).split("\n");
      rest = lines.pop();
      for (const line of lines) {
        if (line === "") {
          if (event.data !== undefined) yield event;
          event = {};
          continue;
        }
        const colon = line.indexOf(":");
        if (colon <= 0) continue;
        const value = line.slice(colon + 1).replace(/^ /, "");
        const name = line.slice(0, colon);
        event[name] = name === "data" && event.data !== undefined ? `${event.data}\n${value}` : value;
      }
    }
  } finally {
    // Whoever stops reading ends the connection.
    reader.cancel().catch(() => {});
  }
}
