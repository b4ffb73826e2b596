// SPDX-License-Identifier: Apache-2.0
"use strict";

const form = document.getElementById("form");
const button = document.getElementById("generate");
const announcement = document.getElementById("status");
const figure = document.getElementById("figure");
const picture = document.getElementById("picture");
const caption = document.getElementById("caption");
const keyRow = document.getElementById("key-row");
const key = document.getElementById("key");

key.value = sessionStorage.getItem("key") ?? "";
key.addEventListener("change", () => sessionStorage.setItem("key", key.value));

// Nobody is asked for a key that the server does not want.
fetch("/v1/get-user-credits").then((response) => {
  keyRow.hidden = response.status !== 401;
});

// Asks for the picture itself. Leaving the page drops the connection, which stops the work on the server.
async function generate(prompt) {
  const response = await fetch("/v1/sd2.1-txt2img", {
    method: "POST",
    headers: {
      "Content-Type": "application/json",
      "Accept": "image/png",
      ...(key.value ? { "x-api-key": key.value } : {}),
    },
    body: JSON.stringify({ prompt }),
  });
  if (response.status !== 200) {
    const answer = await response.json().catch(() => ({}));
    throw new Error(answer.error ?? `The server answered ${response.status}.`);
  }
  return {
    blob: await response.blob(),
    seed: response.headers.get("x-seed-value"),
    seconds: response.headers.get("x-generation-time"),
    warnings: JSON.parse(response.headers.get("x-warnings") ?? "[]"),
  };
}

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const prompt = form.elements.prompt.value;
  button.disabled = true;
  figure.setAttribute("aria-busy", "true");
  announcement.textContent = "Generating…";
  try {
    const { blob, seed, seconds, warnings } = await generate(prompt);
    URL.revokeObjectURL(picture.src);
    picture.src = URL.createObjectURL(blob);
    picture.alt = prompt;
    caption.textContent = `Seed ${seed}, ${seconds} seconds`;
    figure.hidden = false;
    announcement.textContent = ["The picture is ready.", ...warnings].join(" ");
  } catch (error) {
    announcement.textContent = error.message;
  } finally {
    figure.removeAttribute("aria-busy");
    button.disabled = false;
  }
});
