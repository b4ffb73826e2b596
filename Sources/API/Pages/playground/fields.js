// SPDX-License-Identifier: Apache-2.0

import { button, element } from "../shared/dom.js";

/** The form: a control for each field of a request, with the limits and defaults of this server. */
export class Fields {
  /** What `GET /v1/config` says of each field. */
  #schema;

  constructor(form, schema) {
    this.form = form;
    this.#schema = schema;
    for (const [name, field] of Object.entries(schema)) {
      const control = this.control(name);
      if (control) this.#prepare(control, name, field);
    }
    for (const slider of form.querySelectorAll("[data-slides]")) this.#connect(slider);
    this.#preparePresets(form.querySelector("#presets"));
    this.#prepareSeed();
    form.addEventListener("input", (event) => this.#clearError(event.target.name));
    this.reset();
  }

  control(name) {
    return this.form.elements.namedItem(name);
  }

  #prepare(control, name, field) {
    if (control.tagName === "SELECT") {
      control.replaceChildren(...field.enum.map((value) => element("option", { value }, value)));
    }
    if (control.type === "number") {
      control.min = field.minimum;
      control.max = field.maximum;
      if (field.multipleOf) control.step = field.multipleOf;
    }
    const limits = this.form.querySelector(`[data-limits="${name}"]`);
    if (limits) limits.textContent = limitsText(field);
    const error = element("p", { className: "error", id: `${name}-error`, hidden: true });
    control.closest(".field").append(error);
    const described = control.getAttribute("aria-describedby");
    control.setAttribute("aria-describedby", [described, error.id].filter(Boolean).join(" "));
  }

  /** A slider and the number beside it follow each other. */
  #connect(slider) {
    const name = slider.dataset.slides;
    const number = this.control(name);
    const { minimum, maximum, type } = this.#schema[name];
    slider.min = minimum;
    slider.max = maximum;
    slider.step = type === "integer" ? 1 : (maximum - minimum) / (maximum - minimum > 2 ? 60 : 20);
    slider.addEventListener("input", () => {
      number.value = Number(Number(slider.value).toFixed(3));
      number.dispatchEvent(new Event("input", { bubbles: true }));
    });
    number.addEventListener("input", () => {
      slider.value = number.value;
    });
  }

  /** Shapes of about as many pixels as the model's own size, and a quick small one. */
  #preparePresets(row) {
    const { img_width: width, img_height: height } = this.#schema;
    const area = width.default * height.default;
    const grain = Math.max(width.multipleOf, 64);
    const fit = (side) => {
      const rounded = Math.round(side / grain) * grain;
      return Math.min(Math.max(rounded, ceil(width.minimum, width.multipleOf)), width.maximum);
    };
    const sizes = new Set();
    const shapes = [
      ["Square", width.default, height.default],
      ["Portrait", fit(Math.sqrt((area * 2) / 3)), fit(Math.sqrt((area * 3) / 2))],
      ["Landscape", fit(Math.sqrt((area * 3) / 2)), fit(Math.sqrt((area * 2) / 3))],
      ["Wide", fit(Math.sqrt((area * 16) / 9)), fit(Math.sqrt((area * 9) / 16))],
      ["Small", fit(width.default / 2), fit(height.default / 2)],
    ].filter(([, ...size]) => !sizes.has(String(size)) && sizes.add(String(size)));
    const controls = [this.control("img_width"), this.control("img_height")];
    const buttons = shapes.map(([label, ...size]) =>
      button(label, () => {
        controls.forEach((control, index) => {
          control.value = size[index];
          control.dispatchEvent(new Event("input", { bubbles: true }));
        });
      }, { title: `${size[0]} × ${size[1]}`, "data-size": size.join("x"), "aria-pressed": "false" }),
    );
    row.replaceChildren(...buttons);
    const mark = () => {
      const size = controls.map((control) => control.value).join("x");
      for (const preset of buttons) preset.setAttribute("aria-pressed", String(preset.dataset.size === size));
    };
    this.form.addEventListener("input", mark);
  }

  #prepareSeed() {
    const seed = this.control("seed");
    this.lock = this.form.querySelector("#lock");
    this.lock.addEventListener("click", () => this.#setLocked(!this.isLocked && seed.value !== ""));
    seed.addEventListener("input", () => this.#setLocked(seed.value !== ""));
    this.form.querySelector("#dice").addEventListener("click", () => {
      seed.value = crypto.getRandomValues(new Uint32Array(1))[0];
      seed.dispatchEvent(new Event("input", { bubbles: true }));
    });
  }

  get isLocked() {
    return this.lock.getAttribute("aria-pressed") === "true";
  }

  #setLocked(isLocked) {
    const hasChanged = this.isLocked !== isLocked;
    this.lock.setAttribute("aria-pressed", String(isLocked));
    if (hasChanged) this.form.dispatchEvent(new Event("input"));
  }

  /** Shows the seed that a request got. */
  showSeed(seed) {
    if (!this.isLocked) this.control("seed").value = seed;
  }

  /** The server's defaults. */
  reset() {
    for (const [name, { default: value }] of Object.entries(this.#schema)) {
      if (name !== "prompt") this.#write(name, name === "seed" ? "" : value);
    }
    this.#setLocked(false);
    this.clearErrors();
    this.form.dispatchEvent(new Event("input"));
  }

  /** The fields of a request that was made before; those it did not have get their defaults. */
  fill(parameters) {
    this.reset();
    this.#write("prompt", parameters.prompt ?? "");
    for (const [name, value] of Object.entries(parameters)) this.#write(name, value);
    this.#setLocked(parameters.seed !== undefined);
    this.form.dispatchEvent(new Event("input"));
  }

  #write(name, value) {
    const control = this.control(name);
    if (!control) return;
    if (control.type === "checkbox") control.checked = value === true;
    else control.value = value ?? "";
    const slider = this.form.querySelector(`[data-slides="${name}"]`);
    if (slider) slider.value = control.value;
  }

  /**
   * The form as a request's fields: what is empty is left out, and so is what has no effect.
   *
   * Numbers are not checked here but by the server, whose word counts; what is no number at all cannot be sent.
   *
   * @returns {{fields: object, problems: Map<string, string>}}
   */
  read({ hasReference }) {
    const fields = {};
    const problems = new Map();
    for (const [name, schema] of Object.entries(this.#schema)) {
      const control = this.control(name);
      if (!control || (name === "seed" && !this.isLocked) || (name === "strength" && !hasReference)) continue;
      if (name === "quality" && this.control("output_format").value === "png") continue;
      if (control.type === "checkbox") {
        if (control.checked) fields[name] = true;
        continue;
      }
      const text = control.value.trim();
      if (control.validity.badInput) problems.set(name, "This must be a number.");
      if (text === "") continue;
      if (name === "seed") {
        if (/^-?\d{1,19}$/.test(text)) fields.seed = String(BigInt(text));
        else problems.set(name, "This must be a whole number.");
      } else {
        fields[name] = schema.type === "integer" || schema.type === "number" ? Number(text) : control.value;
      }
    }
    return { fields: inOrder(fields), problems };
  }

  /** Says at its field what is wrong; `false` if the form has no such field. */
  showError(name, message) {
    const control = this.control(name);
    const error = this.form.querySelector(`#${CSS.escape(name)}-error`);
    if (!control || !error) return false;
    error.textContent = message;
    error.hidden = false;
    control.setAttribute("aria-invalid", "true");
    const group = control.closest("details");
    if (group) group.open = true;
    control.focus();
    return true;
  }

  #clearError(name) {
    const error = name && this.form.querySelector(`#${CSS.escape(name)}-error`);
    if (!error) return;
    error.hidden = true;
    this.control(name).removeAttribute("aria-invalid");
  }

  clearErrors() {
    for (const name of Object.keys(this.#schema)) this.#clearError(name);
  }
}

const ceil = (value, multiple) => Math.ceil(value / multiple) * multiple;

/** The order in which people read them. */
const order = [
  "prompt", "negative_prompt", "samples", "scheduler", "num_inference_steps", "guidance_scale", "strength", "seed",
  "img_width", "img_height", "image", "output_format", "quality", "base64", "webhook",
];
const inOrder = (fields) =>
  Object.fromEntries(Object.entries(fields).sort(([a], [b]) => order.indexOf(a) - order.indexOf(b)));

function limitsText({ minimum, maximum, multipleOf, maxBytes }) {
  if (maxBytes) return `At most ${Math.floor(maxBytes / 2 ** 20)} MiB.`;
  return `${minimum} to ${maximum}${multipleOf > 1 ? `, by ${multipleOf}` : ""}.`;
}
