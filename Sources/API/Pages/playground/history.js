// SPDX-License-Identifier: Apache-2.0

/** The most pictures that are kept; the oldest go first. */
export const capacity = 200;

/** What a request to a database of the browser gives. */
export const settled = (request) =>
  new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });

/**
 * The pictures this browser made, with all that is needed to make them again.
 *
 * An entry has an `id`, `created` (milliseconds), `blob`, `width`, `height`, `seed`, `url`, `model`, `parameters` (a
 * request's fields), `reference` (a Blob or address, if there was one) and `seconds`.
 */
export class History {
  #database;
  /** Entries of a browser that keeps nothing, as in some private windows. */
  #memory = new Map();

  /** Opens what is kept, or begins anew where nothing can be. */
  static async open() {
    const history = new History();
    try {
      const request = indexedDB.open("darkroom", 1);
      request.onupgradeneeded = () => {
        request.result.createObjectStore("pictures", { keyPath: "id" }).createIndex("created", "created");
      };
      history.#database = await settled(request);
    } catch {
      history.#database = undefined;
    }
    return history;
  }

  get isKept() {
    return this.#database !== undefined;
  }

  #store(mode) {
    return this.#database.transaction("pictures", mode).objectStore("pictures");
  }

  /** All entries, the newest first. */
  async all() {
    const entries = this.isKept ? await settled(this.#store("readonly").index("created").getAll()) : [...this.#memory.values()];
    return entries.reverse();
  }

  /** Keeps an entry, in the place of the oldest if there are too many or no room; returns the ids of those that went. */
  async add(entry) {
    const gone = [];
    for (const old of (await this.all()).slice(capacity - 1)) gone.push(old.id);
    for (const id of gone) await this.remove(id);
    while (true) {
      try {
        if (this.isKept) await settled(this.#store("readwrite").put(entry));
        else this.#memory.set(entry.id, entry);
        return gone;
      } catch (error) {
        const oldest = (await this.all()).at(-1);
        if (error?.name !== "QuotaExceededError" || !oldest) throw error;
        await this.remove(oldest.id);
        gone.push(oldest.id);
      }
    }
  }

  async remove(id) {
    if (this.isKept) await settled(this.#store("readwrite").delete(id));
    else this.#memory.delete(id);
  }

  async clear() {
    if (this.isKept) await settled(this.#store("readwrite").clear());
    this.#memory.clear();
  }
}
