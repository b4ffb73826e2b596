// SPDX-License-Identifier: Apache-2.0

import { APIError, base } from "../shared/api.js";
import { byID } from "../shared/dom.js";
import { connectTabs } from "../shared/tabs.js";
import { Account } from "./account.js";
import { CodePanel } from "./code.js";
import { compare } from "./compare.js";
import { Fields } from "./fields.js";
import { Gallery } from "./gallery.js";
import { History } from "./history.js";
import { Job } from "./job.js";
import { Reference } from "./reference.js";
import { Running } from "./running.js";
import { encode } from "./snippets.js";
import { Stage } from "./stage.js";

const [textToImage, imageToImage] = ["sd2.1-txt2img", "sd2.1-img2img"];
const stateWords = {
  cold: "ready, worker asleep",
  starting: "starting a worker",
  ready: "ready",
  busy: "busy",
  draining: "shutting down",
  failing: "not working",
};

const account = new Account(() => code?.update());
const { api } = account;
let config, fields, reference, code, history;
/** The job that is being made, and whether its end was asked for before the server had named it. */
let job = null;
let isCancelled = false;
/** The first picture of two to compare, `undefined` while nobody compares. */
let compared;

const selectTab = connectTabs(document.querySelector("[role=tablist]"), (id) => id === "tab-code" && code?.update());
const stage = new Stage({ reuse, remove, compare: beginComparing });
const gallery = new Gallery((entry) => (compared === undefined ? show([entry]) : chooseCompared(entry)));

function show(entries, warnings = []) {
  stage.show(entries, entries[0], warnings);
  gallery.mark(entries.map((entry) => entry.id));
  selectTab("tab-picture");
}

/** The form as a request. */
function read() {
  const { fields: values, problems } = fields.read({ hasReference: reference.isThere });
  return { model: reference.isThere ? imageToImage : textToImage, fields: values, problems };
}

async function generate() {
  showProblem("");
  fields.clearErrors();
  if (account.needsKey && !account.key) return account.ask("A key is needed to make pictures.");
  const request = read();
  if (request.problems.size > 0) return request.problems.forEach((message, name) => fields.showError(name, message));
  await make({ ...request, reference: reference.file ?? request.fields.image ?? null }, async () => {
    const image = await reference.text();
    return Job.submit(api, request.model, encode(image === undefined ? request.fields : { ...request.fields, image }));
  });
}

/** Goes on with the job that this tab followed when the page was loaded again. */
async function resume({ id, ...request }) {
  fields.fill(request.fields);
  reference.restore(request.reference);
  await make(request, async () => new Job(api, id));
}

/** Follows the job of a request, which `begin` gives, to its end. */
async function make(request, begin) {
  setRunning(true);
  stage.begin();
  gallery.mark([]);
  selectTab("tab-picture");
  if (window.matchMedia("(max-width: 60rem)").matches) byID("progress").scrollIntoView({ block: "center" });
  try {
    job = await begin();
    // Where a browser keeps nothing, the job is made all the same.
    await Running.keep(job.id, request).catch(() => {});
    if (isCancelled) await job.cancel();
    await job.follow((name, data) => onNews(name, data, request));
    await Running.forget().catch(() => {});
  } catch (error) {
    // A server that is away, or a key that is missing, may be there the next time.
    const isFinal = error instanceof APIError && error.status < 500 && error.status !== 401;
    if (isFinal) await Running.forget().catch(() => {});
    fail(error);
  } finally {
    stage.end();
    setRunning(false);
    account.refresh();
    showState();
  }
}

/** What happens to the job. */
async function onNews(name, data, request) {
  if (name === "completed") return keep(data, request);
  if (name === "failed") return fail(new APIError(422, data));
  if (name === "cancelled") {
    stage.showEmpty("Cancelled. Nothing was charged.");
    return stage.announce("Cancelled.");
  }
  stage.report(name, data, request.fields);
}

/** Fetches the pictures, shows them and puts them into the history. */
async function keep(result, request) {
  const { image: _, ...parameters } = request.fields;
  try {
    const entries = await Promise.all(result.images.map(async (image, index) => {
      // By its name alone: the server's public address may be another site to this page.
      const response = await fetch(new URL(`v1/images/${image.url.split("/").at(-1)}`, base));
      if (!response.ok) throw new Error("The picture could not be fetched.");
      return {
        id: `${result.request_id}-${index}`,
        created: Date.now() + index,
        blob: await response.blob(),
        width: image.width,
        height: image.height,
        seed: image.seed,
        url: image.url,
        model: result.model,
        parameters: { ...parameters, samples: 1, seed: image.seed },
        reference: request.reference,
        seconds: result.metrics.inference_time,
      };
    }));
    fields.showSeed(result.seed);
    show(entries, result.warnings);
    stage.announce(entries.length > 1 ? `${entries.length} pictures are ready.` : "The picture is ready.");
    for (const entry of entries) {
      for (const id of await history.add(entry)) gallery.remove(id);
      gallery.add(entry);
    }
    gallery.mark(entries.map((entry) => entry.id));
  } catch (error) {
    fail(error);
  }
}

/** Tells what went wrong: at its field if it has one. */
function fail(error) {
  stage.showEmpty("There is no picture.");
  if (error instanceof APIError && error.status === 401) return account.ask(error.message);
  const message = error instanceof TypeError ? "The server cannot be reached." : error.message;
  if (!(error.field && fields.showError(error.field, message))) showProblem(message);
  stage.announce(message);
}

function showProblem(message) {
  byID("form-error").textContent = message;
  byID("form-error").hidden = message === "";
  if (message) byID("form-error").scrollIntoView({ block: "nearest" });
}

function setRunning(isRunning) {
  isCancelled = false;
  if (!isRunning) job = null;
  byID("generate").disabled = isRunning;
  byID("generate").textContent = isRunning ? "Generating…" : "Generate";
  byID("cancel").hidden = !isRunning;
  byID("cancel").disabled = false;
}

async function cancel() {
  byID("cancel").disabled = true;
  isCancelled = true;
  try {
    await job?.cancel();
  } catch (error) {
    showProblem(error.message);
    byID("cancel").disabled = false;
  }
}

function reuse(entry) {
  fields.fill(entry.parameters);
  reference.restore(entry.reference);
  byID("prompt").focus();
  stage.announce("The form has this picture's fields and seed.");
}

async function confirm(question) {
  const dialog = byID("confirm-dialog");
  byID("confirm-text").textContent = question;
  dialog.returnValue = "no";
  dialog.showModal();
  await new Promise((resolve) => dialog.addEventListener("close", resolve, { once: true }));
  return dialog.returnValue === "yes";
}

async function remove(entry) {
  if (!(await confirm("Delete this picture from this browser?"))) return;
  await history.remove(entry.id);
  gallery.remove(entry.id);
  stage.showEmpty("Deleted.");
  byID("prompt").focus();
}

async function clearHistory() {
  if (!(await confirm("Delete all pictures from this browser?"))) return;
  await history.clear();
  gallery.fill([]);
  stage.showEmpty("Deleted.");
}

/** Waits for a picture to compare with `entry`, or for two with null. */
function beginComparing(entry = null) {
  compared = entry;
  byID("compare").setAttribute("aria-pressed", "true");
  gallery.mark(entry ? [entry.id] : []);
  byID("history-help").textContent = entry ? "Choose the picture to compare it with." : "Choose two pictures.";
  stage.announce(byID("history-help").textContent);
}

function endComparing() {
  compared = undefined;
  byID("compare").setAttribute("aria-pressed", "false");
  gallery.mark(stage.entry ? [stage.entry.id] : []);
  byID("history-help").textContent = helpText;
}

function chooseCompared(entry) {
  if (compared === null) return beginComparing(entry);
  if (compared.id === entry.id) return;
  compare([compared, entry]);
  endComparing();
}

/** Shows how the server is. */
async function showState() {
  const chip = byID("state");
  try {
    const { status, queued, running } = await api.json("GET", "health");
    const waiting = queued + running;
    chip.dataset.state = status;
    chip.textContent = `${stateWords[status] ?? status}${waiting > 0 ? `, ${waiting} at work` : ""}`;
  } catch {
    chip.dataset.state = "failing";
    chip.textContent = "not reachable";
  }
  chip.hidden = false;
}

function updateForm() {
  byID("strength-field").hidden = !reference.isThere;
  byID("quality").disabled = fields.control("output_format").value === "png";
  if (!byID("panel-code").hidden) code.update();
}

let helpText = byID("history-help").textContent;

async function start() {
  [config, history] = await Promise.all([api.json("GET", "v1/config"), History.open()]);
  account.start(config.needs_key);
  fields = new Fields(byID("form"), config.fields);
  reference = new Reference(fields, config.fields.image.maxBytes, updateForm);
  code = new CodePanel(() => ({
    ...read(),
    file: reference.file ? reference.fileName : null,
    key: account.needsKey ? account.key : null,
  }));
  byID("form").addEventListener("input", updateForm);
  byID("form").addEventListener("submit", (event) => {
    event.preventDefault();
    if (!byID("generate").disabled) generate();
  });
  byID("form").addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) byID("form").requestSubmit();
  });
  byID("cancel").addEventListener("click", cancel);
  byID("reset").addEventListener("click", () => {
    fields.reset();
    reference.clear();
  });
  byID("compare").addEventListener("click", () => (compared === undefined ? beginComparing() : endComparing()));
  byID("close-compare").addEventListener("click", () => byID("compare-dialog").close());
  byID("clear-history").addEventListener("click", clearHistory);
  if (!history.isKept) helpText = "This browser keeps nothing: the pictures are gone when the page is closed.";
  byID("history-help").textContent = helpText;
  updateForm();
  const entries = await history.all();
  gallery.fill(entries);
  if (entries.length > 0) show([entries[0]]);
  document.documentElement.dataset.ready = "true";
  const running = await Running.read();
  if (running && !(account.needsKey && !account.key)) resume(running);
  showState();
  setInterval(() => document.hidden || showState(), 10_000);
}

start().catch((error) => showProblem(`The page could not start. ${error.message}`));
