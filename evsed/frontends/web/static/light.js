// SPDX-License-Identifier: GPL-3.0-or-later
// The light on the box, in its colour and its rhythm. Its words come with the status.

import { byId, put } from "./dom.js";

const LAMP = { white: "#ffffff", blue: "#2f7de1", green: "#12a35c", red: "#d62828", dark: "transparent" };
const still = matchMedia("(prefers-reduced-motion: reduce)");

let shown = ""; // the colour and rhythm that are drawn
let timer = null;

export function light(s) {
  byId("box").hidden = !s.light && !s.box_trouble;
  byId("light").hidden = !s.light;
  put("light_text", s.light?.text ?? "");
  byId("box_trouble").hidden = !s.box_trouble;
  put("box_trouble", s.box_trouble ?? "");
  const wanted = JSON.stringify([s.light?.colour, s.light?.pattern_s, still.matches]);
  if (wanted === shown) return;
  shown = wanted;
  clearTimeout(timer);
  if (s.light) turn(s.light.colour, s.light.pattern_s, 0);
}

// Lit in the even stretches of the pattern, dark in the odd ones.
function turn(colour, pattern, place) {
  byId("light_lamp").style.setProperty("--lamp", place % 2 ? "transparent" : LAMP[colour]);
  if (!pattern.length || still.matches) return;
  timer = setTimeout(turn, 1000 * pattern[place], colour, pattern, (place + 1) % pattern.length);
}
