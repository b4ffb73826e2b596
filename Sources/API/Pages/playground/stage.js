// SPDX-License-Identifier: Apache-2.0

import { button, byID, copy, duration, element, fact, moment } from "../shared/dom.js";

/** News of before a page was loaded comes at once: for so many milliseconds nothing is told from its pace. */
const replayTime = 500;

/** Where a picture appears: its progress while it is made, then the picture and what can be done with it. */
export class Stage {
  #easel = byID("easel");
  #bar = byID("progress-bar");
  #text = byID("progress-text");
  /** When the first news of the job came, and since when and from where its pace is measured. */
  #firstNews;
  #start;
  #shown = null;
  #urls = [];

  /** @param actions What the buttons do: `reuse`, `compare` and `remove`, each with an entry. */
  constructor(actions) {
    this.actions = actions;
  }

  /** Says something to those who do not see the picture. */
  announce(text) {
    byID("announcement").textContent = text;
  }

  /** The entry that is shown, or null. */
  get entry() {
    return this.#shown;
  }

  begin() {
    this.#firstNews = undefined;
    this.#start = undefined;
    this.#shown = null;
    byID("details").hidden = true;
    this.#warn([]);
    this.#clear();
    this.#easel.append(element("p", {}, "Nothing to see yet."));
    byID("progress").hidden = false;
    this.#easel.setAttribute("aria-busy", "true");
    this.#wait("Sending…");
    this.announce("Generating.");
  }

  /** Shows news of a job, whose request had these fields. */
  report(name, data, fields) {
    this.#firstNews ??= performance.now();
    if (name === "queued") {
      const place = data.queue_position;
      this.#wait(place > 0 ? `In the queue: ${place} before this one` : "Next in the queue: waiting for a worker");
    } else if (name === "started") {
      this.#start = { time: performance.now(), done: 0 };
      this.#wait("A worker has begun…");
    } else if (name === "lost") {
      this.#wait("The connection broke. Trying again…");
    } else if (name === "progress") {
      this.#progress(data, fields.samples ?? 1);
    }
  }

  #wait(text) {
    this.#text.textContent = text;
    this.#bar.removeAttribute("value");
  }

  #progress({ sample, step, steps, preview, preview_type: type }, samples) {
    const done = ((sample - 1) * steps + step) / (samples * steps);
    const now = performance.now();
    if (this.#start === undefined || now - this.#firstNews < replayTime) this.#start = { time: now, done };
    const pace = (done - this.#start.done) / ((now - this.#start.time) / 1000);
    const parts = [samples > 1 ? `Picture ${sample} of ${samples}, step ${step} of ${steps}` : `Step ${step} of ${steps}`];
    if (pace > 0) parts.push(`${duration((1 - done) / pace)} left`);
    this.#text.textContent = parts.join(" · ");
    this.#bar.value = done;
    if (preview) this.#sketch(preview, type);
  }

  #sketch(base64, type) {
    const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
    this.#clear();
    this.#easel.append(this.#image(new Blob([bytes], { type }), "A sketch of the picture being made", "sketch"));
  }

  /** Ends what `begin` began. */
  end() {
    byID("progress").hidden = true;
    this.#easel.removeAttribute("aria-busy");
  }

  showEmpty(text) {
    this.#shown = null;
    byID("details").hidden = true;
    this.#warn([]);
    this.#clear();
    this.#easel.append(element("p", {}, text));
  }

  /** Shows one picture, or all of a request. */
  show(entries, selected = entries[0], warnings = []) {
    this.#clear();
    this.#shown = selected;
    this.#easel.append(this.#image(selected.blob, selected.parameters.prompt || "A picture without a prompt", "picture"));
    if (entries.length > 1) {
      const strip = entries.map((entry, index) => {
        const choice = button("", () => this.show(entries, entry, warnings), {
          "aria-label": `Picture ${index + 1} of ${entries.length}`,
          "aria-pressed": String(entry === selected),
        });
        choice.append(this.#image(entry.blob, "", "thumb"));
        return choice;
      });
      this.#easel.append(element("div", { className: "strip" }, ...strip));
    }
    this.#warn(warnings);
    this.#describe(selected);
  }

  #describe(entry) {
    const { parameters } = entry;
    const link = element("a", {
      className: "button",
      href: this.#url(entry.blob),
      download: `darkroom-${entry.seed}.${entry.blob.type.split("/")[1]}`,
    }, "Download");
    const copied = button("Copy link", async () => {
      try {
        await copy(entry.url);
        copied.textContent = "Copied";
        this.announce("The link is copied.");
      } catch (error) {
        copied.textContent = "Not copied";
        this.announce(error.message);
      }
      setTimeout(() => (copied.textContent = "Copy link"), 1500);
    });
    const facts = [
      fact("Seed", entry.seed),
      fact("Size", `${entry.width} × ${entry.height}`),
      fact("Scheduler", parameters.scheduler ?? "default"),
      fact("Steps", parameters.num_inference_steps ?? "default"),
      fact("Guidance", parameters.guidance_scale ?? "default"),
      ...(entry.reference ? [fact("Strength", parameters.strength ?? 1)] : []),
      ...(entry.seconds ? [fact("Took", `${entry.seconds.toFixed(1)} s`)] : []),
      fact("Made", moment(entry.created)),
    ];
    byID("details").replaceChildren(
      element("p", { className: "caption" }, parameters.prompt || "Without a prompt"),
      element("dl", { className: "facts" }, ...facts),
      element("div", { className: "actions" },
        button("Use again", () => this.actions.reuse(entry), { id: "reuse" }),
        link,
        copied,
        button("Compare", () => this.actions.compare(entry)),
        button("Delete", () => this.actions.remove(entry), { className: "danger", id: "delete-picture" })),
    );
    byID("details").hidden = false;
  }

  #warn(warnings) {
    byID("warnings").hidden = warnings.length === 0;
    byID("warnings").replaceChildren(...warnings.map((warning) => element("li", {}, warning)));
  }

  #image(blob, alt, className) {
    return element("img", { src: this.#url(blob), alt, className });
  }

  /** The address of a picture for as long as it is shown. */
  #url(blob) {
    const url = URL.createObjectURL(blob);
    this.#urls.push(url);
    return url;
  }

  #clear() {
    this.#easel.replaceChildren();
    for (const url of this.#urls.splice(0)) URL.revokeObjectURL(url);
  }
}
