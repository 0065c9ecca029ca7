// SPDX-License-Identifier: GPL-3.0-or-later
// Keeps the page live: server-sent events, or polling where there is no room for another listener.
// When contact is lost it says so, so that old figures are never mistaken for new ones.

import { controls } from "./controls.js";
import { flow } from "./flow.js";
import { updateDashboard } from "./dashboard.js";
import { light } from "./light.js";
import { byId, setText } from "./dom.js";
import { api, duration, t } from "./i18n.js";
import "./language.js";
import "./theme.js";
import { today } from "./today.js";

const SILENT_MS = 8000; // the stream sends every 2 s
const POLL_MS = 3000;
const STREAM_AGAIN_MS = 60_000;

const link = byId("link");
const lost = byId("lost");

let stream = null;
let polling = null;
let receivedAt = performance.now();
let status = null; // the last one
let history = null; // its module, request the view was opened

function onStatus(received, channel) {
  status = received;
  receivedAt = performance.now();
  link.dataset.link = channel;
  setText(link, t(channel));
  lost.hidden = true;
  document.body.classList.remove("stale");
  updateDashboard(status);
  light(status);
  flow(status);
  controls.update(status);
  today.update(status);
  history?.update(status);
  if (status.prices) import("./money.js").then((money) => money.update(status));
}

function listen() {
  closeStream();
  stream = new EventSource(api("api/v1/events"));
  stream.onmessage = (event) => {
    stopPolling();
    onStatus(JSON.parse(event.data), "live");
  };
  stream.onerror = () => {
    // CLOSED: refused for good (503); else the browser tries again by itself, and so do we.
    if (stream?.readyState === EventSource.CLOSED) closeStream();
    poll();
  };
}

function closeStream() {
  stream?.close();
  stream = null;
}

function poll() {
  if (polling !== null) return;
  const since = performance.now();
  const request = async () => {
    try {
      const answer = await fetch(api("api/v1/status"), { signal: AbortSignal.timeout(POLL_MS) });
      if (answer.ok) onStatus(await answer.json(), "polling");
    } catch { /* the timer below shows that contact is lost */ }
    if (polling === null) return;
    if (stream === null && performance.now() - since > STREAM_AGAIN_MS) {
      stopPolling();
      listen();
    } else {
      polling = setTimeout(request, POLL_MS);
    }
  };
  polling = setTimeout(request, 0);
}

function stopPolling() {
  clearTimeout(polling);
  polling = null;
}

setInterval(() => {
  const silent = performance.now() - receivedAt;
  if (document.hidden || silent < SILENT_MS) return;
  link.dataset.link = "lost";
  setText(link, t("lost_short"));
  setText(lost, t("lost", duration(silent / 1000)));
  lost.hidden = false;
  document.body.classList.add("stale");
  poll();
}, 1000);

document.addEventListener("visibilitychange", () => {
  if (document.hidden) {
    closeStream();
    stopPolling();
  } else {
    receivedAt = performance.now();
    today.wake();
    listen();
  }
});

// Two views of one page, by what stands after the # of its address.
async function view() {
  const past = location.hash === "#history";
  byId("view_now").hidden = past;
  byId("view_history").hidden = !past;
  for (const a of document.querySelectorAll("nav a[href^='#']")) {
    if ((a.hash === "#history") === past) a.setAttribute("aria-current", "page");
    else a.removeAttribute("aria-current");
  }
  if (location.hash === "#login") byId("password").focus();
  if (!past) return;
  const opened = history !== null;
  history ??= (await import("./history.js")).history;
  if (opened || !status) history.load();
  else history.update(status);
}

navigator.serviceWorker?.register("service-worker.js").catch(() => {});
addEventListener("hashchange", view);
view();
listen();
