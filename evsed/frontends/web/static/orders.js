// SPDX-License-Identifier: GPL-3.0-or-later
// Orders to the charger, and the login that they need.

import { api, t } from "./i18n.js";

const listeners = [];

let access = { password_set: true, logged_in: false };

// Calls *listener* now, and whenever the login changes.
export function onAccess(listener) {
  listeners.push(listener);
  listener(access);
}

// Asks the charger for the login of this browser: scripts cannot read the cookie, on purpose.
export async function loadAccess() {
  try {
    const answer = await fetch("api/v1/login", { signal: AbortSignal.timeout(5000) });
    access = await answer.json();
  } catch {
    return;
  }
  for (const listener of listeners) listener(access);
}

// Gives an order; *report* gets the outcome in words, *refused* the refusal. Returns the answer, or null.
export async function order(method, path, body, report, refused) {
  try {
    const answer = await fetch(api(path), {
      method, body: body instanceof Blob ? body : body && JSON.stringify(body),
      headers: body ? { "Content-Type": body instanceof Blob ? "application/octet-stream" : "application/json" } : {},
      signal: AbortSignal.timeout(60_000), // a Pi Zero takes seconds to check a password
    });
    const reply = answer.headers.get("Content-Type")?.includes("json") ? await answer.json() : {};
    const error = reply.errors?.map((each) => each.detail).join("; ") ?? reply.detail;
    if (!answer.ok) refused?.(reply);
    report(answer.ok ? t("controls_done", reply.outcome) : error ?? t("controls_lost"), !answer.ok);
    if (answer.status === 401 || answer.status === 403 || path === "api/v1/login") await loadAccess();
    return answer.ok ? Object.assign(answer, { reply }) : null;
  } catch {
    report(t("controls_lost"), true);
    return null;
  }
}

document.addEventListener("visibilitychange", () => document.hidden || loadAccess());
