// SPDX-License-Identifier: Apache-2.0

import { API, APIError } from "../shared/api.js";
import { byID, duration, element, fact, moment } from "../shared/dom.js";
import { Accounts } from "./accounts.js";
import { showProblem } from "./errors.js";
import { Keys } from "./keys.js";
import { fillTable } from "./tables.js";
import { drawThroughput } from "./throughput.js";

const storageName = "darkroom.admin-key";
const interval = 3_000;

const api = new API(() => sessionStorage.getItem(storageName) ?? "");
const accounts = new Accounts(api);
const keys = new Keys(api, () => loadBooks());
let timer;

/** What changes all the time. */
async function refresh() {
  const [statistics, failures] = await Promise.all([
    api.json("GET", "v1/admin/statistics"),
    api.json("GET", "v1/admin/failures?limit=10"),
  ]);
  showNumbers(statistics);
  showFailures(failures.requests);
  byID("updated").textContent = `as of ${new Date(statistics.time).toLocaleTimeString()}`;
}

/** What changes when somebody changes it. */
async function loadBooks() {
  await Promise.all([accounts.load(), keys.load()]);
}

function showNumbers({ status, queued, oldest_age: oldest, running, workers, completed, failed, expired, cancelled, throughput }) {
  byID("state").textContent = status;
  byID("state").dataset.state = status;
  byID("state").hidden = false;
  const tile = (term, value, isAlarm) => {
    const node = fact(term, value);
    if (isAlarm) node.className = "alarm";
    return node;
  };
  byID("tiles").replaceChildren(
    tile("waiting", queued),
    tile("oldest waits for", oldest === undefined ? "–" : duration(oldest), oldest > 60),
    tile("running", running),
    ...["starting", "ready", "busy", "draining"].map((state) => tile(`workers ${state}`, workers[state])),
    tile("completed", completed),
    tile("failed", failed + expired, failed + expired > 0),
    tile("cancelled", cancelled),
  );
  const place = byID("throughput");
  place.replaceChildren(drawThroughput(throughput, Math.max(place.clientWidth, 280)));
  const sum = throughput.completed.reduce((total, count) => total + count, 0);
  byID("throughput-sum").textContent = `${sum} in the last hour`;
}

function showFailures(requests) {
  const rows = requests.map((request) => ({
    cells: [
      element("span", { className: "nowrap" }, moment(request.ended_at ?? request.created_at)),
      request.account,
      request.model,
      element("span", { className: "mono" }, request.code),
      request.error,
      element("span", { className: "mono nowrap" }, request.request_id),
    ],
  }));
  fillTable(byID("failures"), ["When", "Account", "Model", "Code", "Reason", "Request"], rows, "None. Records are kept for a while only.");
}

/** Looks again and again, as long as somebody does. */
async function watch() {
  clearTimeout(timer);
  try {
    if (!document.hidden) await refresh();
    showProblem("");
  } catch (error) {
    if (isRefusal(error)) return signOut(error.message);
    showProblem(error instanceof TypeError ? "The server cannot be reached." : error.message);
  }
  timer = setTimeout(watch, interval);
}

const isRefusal = (error) => error instanceof APIError && (error.status === 401 || error.status === 403);

function signOut(reason) {
  clearTimeout(timer);
  sessionStorage.removeItem(storageName);
  byID("content").hidden = true;
  byID("leave").hidden = true;
  byID("state").hidden = true;
  byID("updated").textContent = "";
  byID("new-key").hidden = true;
  byID("sign-in").hidden = false;
  byID("key-error").textContent = reason;
  byID("key-error").hidden = reason === "";
  byID("key").value = "";
  byID("key").focus();
}

/** Shows the page, if the key opens it. */
async function open() {
  byID("sign-in").hidden = true;
  byID("content").hidden = false;
  byID("leave").hidden = api.key() === "";
  try {
    await Promise.all([refresh(), loadBooks()]);
  } catch (error) {
    if (isRefusal(error)) return signOut(api.key() === "" ? "" : error.message);
    showProblem(error.message);
  }
  timer = setTimeout(watch, interval);
}

byID("sign-in").addEventListener("submit", (event) => {
  event.preventDefault();
  const key = byID("key").value.trim();
  if (!/^[\x21-\x7e]+$/.test(key)) return signOut("This is no key.");
  sessionStorage.setItem(storageName, key);
  open();
});
byID("leave").addEventListener("click", () => signOut(""));
document.addEventListener("visibilitychange", () => document.hidden || byID("content").hidden || watch());

/** Without a key the server is asked only if it needs none: a refusal is nothing to begin with. */
async function start() {
  const { needs_key: needsKey } = await new API(() => "").json("GET", "v1/config");
  if (needsKey && api.key() === "") return signOut("");
  await open();
}

start().catch((error) => {
  byID("content").hidden = false;
  showProblem(`The page could not start. ${error.message}`);
});
