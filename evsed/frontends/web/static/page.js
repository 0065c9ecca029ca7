// SPDX-License-Identifier: GPL-3.0-or-later
// Writing to the page: only what changed, so that a screen reader hears only news.

import { kwh, say, sunPercent, watt } from "./say.js";

export const byId = (id) => document.getElementById(id);

export function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

export const put = (id, text) => setText(byId(id), text);

export function putWatts(id, value) {
  const [figure, unit] = watt(value);
  put(id, figure);
  put(`${id}_unit`, unit);
}

// The sun's part of an energy, in words and as a bar.
export function share(id, wh, sun_wh) {
  const percent = sunPercent(wh, sun_wh);
  put(`${id}_sun`, percent === null ? "\u00a0" : say("sun_share", percent));
  byId(`${id}_bar`).style.setProperty("--share", `${percent ?? 0}%`);
  byId(`${id}_bar`).title = percent === null ? "" : say("sun_of", kwh(sun_wh), kwh(wh));
}

export function make(tag, className, ...children) {
  const element = document.createElement(tag);
  if (className) element.className = className;
  element.append(...children);
  return element;
}

// Rebuilds a list only when what it says has changed.
export function list(id, said, build) {
  const element = byId(id);
  const key = JSON.stringify(said);
  if (element.dataset.said === key) return;
  element.dataset.said = key;
  element.replaceChildren(...build());
}

// The JSON at *path*, or null where there is none to be had now.
export async function read(path) {
  try {
    const answer = await fetch(path, { signal: AbortSignal.timeout(15_000) });
    return answer.ok ? await answer.json() : null;
  } catch {
    return null;
  }
}
