// SPDX-License-Identifier: Apache-2.0

import { byID } from "../shared/dom.js";

/** Says above everything what went wrong, or nothing any more. */
export function showProblem(message) {
  byID("problem").textContent = message;
  byID("problem").hidden = message === "";
  if (message) byID("problem").scrollIntoView({ block: "nearest" });
}

/** Says at its field what the server refused; above everything if the form has no such field. */
export function showFieldError(form, error) {
  const place = error.field && form.querySelector(`#${CSS.escape(error.field)}-error`);
  if (!place) return showProblem(error.message);
  place.textContent = error.message;
  place.hidden = false;
  const control = place.parentElement.querySelector("input");
  control.setAttribute("aria-invalid", "true");
  control.focus();
}

export function clearErrors(form) {
  showProblem("");
  for (const place of form.querySelectorAll(".error")) place.hidden = true;
  for (const control of form.querySelectorAll("[aria-invalid]")) control.removeAttribute("aria-invalid");
}
