// SPDX-License-Identifier: Apache-2.0

import { APIError, parse } from "../shared/api.js";
import { readEvents } from "./events.js";

const pause = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** How long a server may be away before its job is given up, and how often a waiting job's place is asked for. */
const patience = 60_000;
const placeInterval = 2_000;

/** A request for pictures that the server has taken. */
export class Job {
  constructor(api, id) {
    this.api = api;
    this.id = id;
  }

  /** Asks `model` for pictures; `body` is JSON. */
  static async submit(api, model, body) {
    const answer = await api.json("POST", `v2/${model}`, { body });
    return new Job(api, answer.request_id);
  }

  /** Has the server stop; the end is told like any other. */
  async cancel() {
    await this.api.send("DELETE", `v2/requests/${this.id}`);
  }

  /**
   * Tells `report` what happens, as `(name, data)`, until the job is over.
   *
   * A connection that breaks is made again, and goes on after the last event.
   */
  async follow(report) {
    let last;
    let lostSince;
    while (true) {
      try {
        const headers = last === undefined ? {} : { "Last-Event-ID": last };
        const response = await this.api.send("GET", `v2/requests/${this.id}/events`, { headers });
        if (response.status === 204) return await this.#reportEnd(report);
        for await (const event of this.#withPlaces(readEvents(response.body), report)) {
          lostSince = undefined;
          last = event.id;
          await report(event.event, parse(event.data));
          if (["completed", "failed", "cancelled"].includes(event.event)) return;
        }
      } catch (error) {
        if (error instanceof APIError && error.status < 500 && error.status !== 429) throw error;
        lostSince ??= Date.now();
        if (Date.now() - lostSince > patience) throw error;
        report("lost", {});
      }
      await pause(1_000);
    }
  }

  /** The events; while the job waits, its place in the queue is asked for now and then. */
  async *#withPlaces(events, report) {
    let timer;
    const ask = async () => {
      const status = await this.api.json("GET", `v2/requests/${this.id}/status`).catch(() => ({}));
      if (timer !== undefined && status.status === "QUEUED") report("queued", status);
    };
    const stop = () => {
      clearInterval(timer);
      timer = undefined;
    };
    try {
      for await (const event of events) {
        stop();
        if (event.event === "queued") timer = setInterval(ask, placeInterval);
        yield event;
      }
    } finally {
      stop();
    }
  }

  /** Tells the end of a job whose events were all read. */
  async #reportEnd(report) {
    try {
      await report("completed", await this.api.json("GET", `v2/requests/${this.id}`));
    } catch (error) {
      if (!(error instanceof APIError)) throw error;
      report(error.code === "request_cancelled" ? "cancelled" : "failed", { error: error.message, code: error.code });
    }
  }
}
