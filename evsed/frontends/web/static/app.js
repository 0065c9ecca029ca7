// SPDX-License-Identifier: GPL-3.0-or-later
// Keeps the page live: server-sent events; polling where there is no room for another listener;
// and the plain word that contact is lost, for old figures must never pass for new ones.

import { controls } from "./controls.js";
import { flow } from "./flow.js";
import { show } from "./now.js";
import { byId, setText } from "./page.js";
import { duration, say } from "./say.js";
import { today } from "./today.js";

const SILENT_MS = 8000; // the stream speaks every 2 s
const POLL_MS = 3000;
const STREAM_AGAIN_MS = 60_000;

const link = byId("link");
const lost = byId("lost");

let stream = null;
let polling = null;
let heardAt = performance.now();
let history = null; // its module, once somebody has looked at it

function heard(status, how) {
  heardAt = performance.now();
  link.dataset.link = how;
  setText(link, say(how));
  lost.hidden = true;
  document.body.classList.remove("stale");
  show(status);
  flow(status);
  controls.show(status);
  today.hear(status);
  history?.hear(status);
}

function listen() {
  hangUp();
  stream = new EventSource("/api/v1/events");
  stream.onmessage = (event) => {
    stopPolling();
    heard(JSON.parse(event.data), "live");
  };
  stream.onerror = () => {
    // CLOSED: refused for good (503); else the browser tries again by itself, and so do we.
    if (stream?.readyState === EventSource.CLOSED) hangUp();
    poll();
  };
}

function hangUp() {
  stream?.close();
  stream = null;
}

function poll() {
  if (polling !== null) return;
  const since = performance.now();
  const once = async () => {
    try {
      const answer = await fetch("/api/v1/status", { signal: AbortSignal.timeout(POLL_MS) });
      if (answer.ok) heard(await answer.json(), "polling");
    } catch { /* the watch below says so */ }
    if (polling === null) return;
    if (stream === null && performance.now() - since > STREAM_AGAIN_MS) {
      stopPolling();
      listen();
    } else {
      polling = setTimeout(once, POLL_MS);
    }
  };
  polling = setTimeout(once, 0);
}

function stopPolling() {
  clearTimeout(polling);
  polling = null;
}

setInterval(() => {
  const silent = performance.now() - heardAt;
  if (document.hidden || silent < SILENT_MS) return;
  link.dataset.link = "lost";
  setText(link, say("lost_short"));
  setText(lost, say("lost", duration(silent / 1000)));
  lost.hidden = false;
  document.body.classList.add("stale");
  poll();
}, 1000);

document.addEventListener("visibilitychange", () => {
  if (document.hidden) {
    hangUp();
    stopPolling();
  } else {
    heardAt = performance.now();
    today.wake();
    listen();
  }
});

// Two views of one page, by what stands after the # of its address.
async function view() {
  const past = location.hash === "#history";
  byId("view_now").hidden = past;
  byId("view_history").hidden = !past;
  for (const a of document.querySelectorAll("nav a")) {
    if ((a.hash === "#history") === past) a.setAttribute("aria-current", "page");
    else a.removeAttribute("aria-current");
  }
  if (location.hash === "#login") byId("password").focus();
  if (!past) return;
  history ??= (await import("./history.js")).history;
  history.load();
}

addEventListener("hashchange", view);
view();
listen();
