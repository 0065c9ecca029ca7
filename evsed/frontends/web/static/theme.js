// SPDX-License-Identifier: GPL-3.0-or-later
// Light, dark, or as the device has it: a choice of this browser, kept in it.

import { byId } from "./dom.js";

const KEY = "evsed-theme";
const choice = byId("theme");
const root = document.documentElement;

function kept() {
  try {
    return localStorage.getItem(KEY) ?? "";
  } catch {
    return ""; // a browser that keeps nothing
  }
}

function show(theme) {
  if (theme) root.dataset.theme = theme;
  else delete root.dataset.theme;
  choice.value = theme;
}

choice.addEventListener("change", () => {
  try {
    localStorage.setItem(KEY, choice.value);
  } catch { /* it holds until the page is left */ }
  show(choice.value);
  dispatchEvent(new Event("themechange")); // for what is drawn in the colours
});
show(kept());
