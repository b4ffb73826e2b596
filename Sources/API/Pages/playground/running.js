// SPDX-License-Identifier: Apache-2.0

import { settled } from "./history.js";

const storageName = "darkroom.running";
/** Reference pictures of requests that no tab has followed to their end are of no use after so long. */
const lifetime = 24 * 60 * 60 * 1000;

/**
 * The request that this tab follows, so that the tab can go on with it when the page is loaded again.
 *
 * The tab's own storage has its id and fields. A reference picture may be too large for that, and is in a database.
 */
export class Running {
  /** Keeps a request: its `model`, `fields` and `reference` (a Blob, an address or null). */
  static async keep(id, { model, fields, reference }) {
    const isFile = reference instanceof Blob;
    const kept = { id, model, fields, reference: isFile ? null : reference, isFile };
    sessionStorage.setItem(storageName, JSON.stringify(kept));
    if (!isFile) return;
    const store = await openStore("readwrite");
    for (const { id, created } of await settled(store.getAll())) if (created < Date.now() - lifetime) store.delete(id);
    store.put({ id, created: Date.now(), file: reference });
  }

  /** The request that was kept, with its `id`, or null. */
  static async read() {
    const kept = JSON.parse(sessionStorage.getItem(storageName) ?? "null");
    if (!kept?.isFile) return kept;
    const found = await openStore("readonly").then((store) => settled(store.get(kept.id))).catch(() => undefined);
    return { ...kept, reference: found?.file ?? null };
  }

  static async forget() {
    const kept = JSON.parse(sessionStorage.getItem(storageName) ?? "null");
    sessionStorage.removeItem(storageName);
    if (kept?.isFile) (await openStore("readwrite")).delete(kept.id);
  }
}

async function openStore(mode) {
  const request = indexedDB.open("darkroom-running", 1);
  request.onupgradeneeded = () => request.result.createObjectStore("references", { keyPath: "id" });
  return (await settled(request)).transaction("references", mode).objectStore("references");
}
