// SPDX-License-Identifier: GPL-3.0-or-later
// Writing to the page: only what changed, so that a screen reader speaks only changes.

import { api, kwh, solarPercent, t } from "./i18n.js";

export const byId = (id) => document.getElementById(id);

export function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

export const put = (id, text) => setText(byId(id), text);

// Text as nodes, its parts between backticks as code.
export function prose(text) {
  return text.split("`").map((part, n) => n % 2 ? make("code", "", part) : part);
}

// The solar part of an energy, in words and as a bar.
export function share(id, wh, solar_wh) {
  const percent = solarPercent(wh, solar_wh);
  put(`${id}_sun`, percent === null ? "\u00a0" : t("sun_share", percent));
  byId(`${id}_bar`).style.setProperty("--share", `${percent ?? 0}%`);
  byId(`${id}_bar`).title = percent === null ? "" : t("sun_of", kwh(solar_wh), kwh(wh));
}

export function make(tag, className, ...children) {
  const element = document.createElement(tag);
  if (className) element.className = className;
  element.append(...children);
  return element;
}

// Rebuilds a list only when its content has changed.
export function list(id, content, build) {
  const element = byId(id);
  const key = JSON.stringify(content);
  if (element.dataset.content === key) return;
  element.dataset.content = key;
  element.replaceChildren(...build());
}

// Returns the JSON at *path*, or null where it cannot be had now.
export async function read(path) {
  try {
    const answer = await fetch(api(path), { signal: AbortSignal.timeout(15_000) });
    return answer.ok ? await answer.json() : null;
  } catch {
    return null;
  }
}
