// SPDX-License-Identifier: GPL-3.0-or-later
// The language: as the browser asks for it, or a choice, kept in a cookie because the charger fills
// in the words of the page.

import { byId } from "./dom.js";

const YEAR_S = 31_536_000;
const choice = byId("language");

choice.value = document.documentElement.lang;
choice.addEventListener("change", () => {
  const kept_s = choice.value ? YEAR_S : 0;
  document.cookie = `evsed_lang=${choice.value}; path=/; max-age=${kept_s}; samesite=lax`;
  location.reload();
});
