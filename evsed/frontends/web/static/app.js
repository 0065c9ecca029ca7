// SPDX-License-Identifier: GPL-3.0-or-later
// Keeps the page live: server-sent events; polling where there is no room for another listener;
// and the plain word that contact is lost, for old figures must never pass for new ones.

import { duration, say } from "./say.js";
import { show } from "./show.js";
import { chart } from "./chart.js";
import { controls } from "./controls.js";

const SILENT_MS = 8000; // the stream speaks every 2 s
const POLL_MS = 3000;
const STREAM_AGAIN_MS = 60_000;

const link = document.getElementById("link");
const lost = document.getElementById("lost");

let stream = null;
let polling = null;
let heardAt = performance.now();

function heard(status, how) {
  heardAt = performance.now();
  link.dataset.link = how;
  setText(link, say(how));
  lost.hidden = true;
  document.body.classList.remove("stale");
  show(status);
  controls.show(status);
  document.getElementById("main").removeAttribute("data-waiting");
  chart.add(status);
}

function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
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
  lost.textContent = say("lost", duration(silent / 1000));
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
    chart.load();
    listen();
  }
});

chart.load();
listen();
