// SPDX-License-Identifier: Apache-2.0

/** Where the server is: whatever the page was loaded from, also behind a proxy with a path of its own. */
export const base = new URL(".", document.baseURI);

/** An answer that is an error, with what the server says about it. */
export class APIError extends Error {
  constructor(status, body) {
    super(body.error ?? `The server answered ${status}.`);
    this.status = status;
    this.code = body.code;
    this.field = body.field;
  }
}

/** JSON in which seeds are text: they have up to 63 bits, and JavaScript's numbers 53. */
export const parse = (text) => JSON.parse(text.replace(/"seed":(-?\d+)/g, '"seed":"$1"'));

/** Asks the server, with the key that `key()` gives if it gives one. */
export class API {
  constructor(key) {
    this.key = key;
  }

  /** Sends a request; throws an APIError unless the answer is a 2xx, or a TypeError when there is none. */
  async send(method, path, { body, headers = {}, signal } = {}) {
    const key = this.key();
    const response = await fetch(new URL(path, base), {
      method,
      body,
      signal,
      cache: "no-store",
      headers: {
        ...headers,
        ...(body === undefined ? {} : { "Content-Type": "application/json" }),
        ...(key ? { "x-api-key": key } : {}),
      },
    });
    if (response.ok) return response;
    throw new APIError(response.status, await response.json().catch(() => ({})));
  }

  /** Sends a request and reads the answer's JSON. */
  async json(method, path, options) {
    return parse(await (await this.send(method, path, options)).text());
  }
}
