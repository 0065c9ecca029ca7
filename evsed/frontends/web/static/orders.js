// SPDX-License-Identifier: GPL-3.0-or-later
// Orders to the charging station, and whether this browser may give any.

import { say } from "./say.js";

const listeners = [];

export let may = { password_set: true, logged_in: false };

// Calls *hear* whenever it changes who may give orders; and with what is known now.
export function whenever(hear) {
  listeners.push(hear);
  hear(may);
}

// Whether this browser is logged in: the cookie itself is out of reach, on purpose.
export async function ask() {
  try {
    const answer = await fetch("/api/v1/login", { signal: AbortSignal.timeout(5000) });
    may = await answer.json();
  } catch {
    return;
  }
  for (const hear of listeners) hear(may);
}

// Gives an order; *tell* hears in words what came of it.  The answer, or null where it was refused.
export async function order(method, path, body, tell) {
  try {
    const answer = await fetch(path, {
      method, body: body && JSON.stringify(body),
      headers: body ? { "Content-Type": "application/json" } : {},
      signal: AbortSignal.timeout(60_000), // a Pi Zero takes seconds to check a password
    });
    const told = answer.headers.get("Content-Type")?.includes("json") ? await answer.json() : {};
    const wrong = told.errors?.map((error) => error.detail).join("; ") ?? told.detail;
    tell(answer.ok ? say("controls_done", told.outcome) : wrong ?? say("controls_lost"), !answer.ok);
    if (answer.status === 401 || answer.status === 403 || path === "/api/v1/login") await ask();
    return answer.ok ? answer : null;
  } catch {
    tell(say("controls_lost"), true);
    return null;
  }
}

document.addEventListener("visibilitychange", () => document.hidden || ask());
