// SPDX-License-Identifier: Apache-2.0

import { byID } from "../shared/dom.js";

const types = ["image/png", "image/jpeg", "image/webp"];

/** The reference picture: a file that was dropped, pasted or chosen, or else an address. */
export class Reference {
  /** The file, or null. */
  file = null;
  #address;
  #preview = byID("reference-preview");

  /**
   * @param fields The form.
   * @param maxBytes The longest file the server takes.
   * @param onChange Called when there is another picture, or none.
   */
  constructor(fields, maxBytes, onChange) {
    this.fields = fields;
    this.maxBytes = maxBytes;
    this.onChange = onChange;
    this.#address = fields.control("image");
    byID("reference-file").addEventListener("change", (event) => {
      this.#take(event.target.files[0]);
      event.target.value = "";
    });
    byID("reference-clear").addEventListener("click", () => {
      this.clear();
      byID("reference-file").focus();
    });
    this.#address.addEventListener("input", () => {
      if (this.#address.value !== "") this.#set(null);
      this.#suggestStrength();
      this.onChange();
    });
    this.#acceptDrops(byID("reference"));
    document.addEventListener("paste", (event) => {
      const file = [...event.clipboardData.files].find((file) => file.type.startsWith("image/"));
      if (!file) return;
      event.preventDefault();
      this.#take(file);
    });
  }

  get isThere() {
    return this.file !== null || this.#address.value.trim() !== "";
  }

  /** The file as the text that a request carries; undefined if there is none. */
  async text() {
    if (this.file === null) return undefined;
    return new Promise((resolve, reject) => {
      const reader = new FileReader();
      reader.onload = () => resolve(reader.result);
      reader.onerror = () => reject(reader.error);
      reader.readAsDataURL(this.file);
    });
  }

  clear() {
    this.#address.value = "";
    this.#set(null);
    this.fields.clearErrors();
    this.onChange();
  }

  /** Shows a picture of a request that was made before: a Blob or an address. */
  restore(reference) {
    const isAddress = typeof reference === "string";
    this.#address.value = isAddress ? reference : "";
    this.#set(isAddress ? null : reference);
    byID("reference").open ||= this.isThere;
    this.onChange();
  }

  #take(file) {
    if (!file) return;
    byID("reference").open = true;
    if (!types.includes(file.type)) {
      this.fields.showError("image", "This must be a PNG, JPEG or WebP file.");
      return;
    }
    if (file.size > this.maxBytes) {
      this.fields.showError("image", `This file is larger than ${Math.floor(this.maxBytes / 2 ** 20)} MiB.`);
      return;
    }
    this.fields.clearErrors();
    this.#address.value = "";
    this.#set(file);
    this.#suggestStrength();
    this.onChange();
  }

  #set(file) {
    this.file = file;
    if (this.#preview.src) URL.revokeObjectURL(this.#preview.src);
    this.#preview.hidden = file === null;
    if (file) this.#preview.src = URL.createObjectURL(file);
    else this.#preview.removeAttribute("src");
    byID("reference-clear").hidden = file === null;
    byID("reference-name").textContent =
      file === null ? "Drop a picture here, paste one, or choose a file." : this.fileName;
  }

  get fileName() {
    return this.file?.name ?? `reference.${this.file?.type.split("/")[1] ?? "png"}`;
  }

  /** All of a reference is changed by default, which makes it pointless. */
  #suggestStrength() {
    const strength = this.fields.control("strength");
    if (!this.isThere || Number(strength.value) !== 1) return;
    strength.value = 0.6;
    strength.dispatchEvent(new Event("input", { bubbles: true }));
  }

  #acceptDrops(target) {
    const hasFiles = (event) => event.dataTransfer.types.includes("Files");
    // Anywhere else a dropped file would replace the page.
    for (const name of ["dragover", "drop"]) {
      window.addEventListener(name, (event) => hasFiles(event) && event.preventDefault());
    }
    for (const name of ["dragenter", "dragover"]) {
      target.addEventListener(name, (event) => {
        if (!hasFiles(event)) return;
        target.open = true;
        target.classList.add("dropping");
      });
    }
    target.addEventListener("dragleave", (event) => {
      if (!target.contains(event.relatedTarget)) target.classList.remove("dropping");
    });
    target.addEventListener("drop", (event) => {
      target.classList.remove("dropping");
      this.#take(event.dataTransfer.files[0]);
    });
  }
}
