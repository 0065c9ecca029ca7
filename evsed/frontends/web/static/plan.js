// SPDX-License-Identifier: GPL-3.0-or-later
// The plan as energies, times and days. The charger writes it as
// "20 kWh by Mon-Fri 07:00, 40 kWh by 2026-12-24 10:00"; so does this. A goal without a day is for
// once, and the charger gives it a date.

import { byId, make } from "./dom.js";
import { dayName } from "./i18n.js";
import words from "./plan_words.js";
import { DAYS, daysOf } from "./window.js";

const GOAL = /^([\d.]+) kWh by (?:(\d{4}-\d\d-\d\d) |(\S+) )?(\d\d:\d\d)$/;
const CHARGED_SHARE = 0.9; // as for "40-80 % of 58 kWh", see core/user/plan.py
const MOST = 14; // goals that the charger takes

const place = byId("control_plan");
const goals = make("ol", "");
const add = button(words.add, () => {
  goals.append(row("", "", "", ""));
  add.hidden = goals.children.length >= MOST;
  goals.lastChild.querySelector("input").focus();
});
let send;

function button(text, act, label = text) {
  const made = make("button", "plain", text);
  Object.assign(made, { type: "button", ariaLabel: label });
  made.addEventListener("click", act);
  return made;
}

function field(label, more) {
  const input = make("input", "");
  Object.assign(input, { type: "number", inputMode: "decimal", min: "0.1", max: "1000", step: "any" }, more);
  return make("label", "field", label, input);
}

function row(kwh, on, days, by) {
  const ticked = days ? daysOf(days) : [];
  const boxes = DAYS.map((name, n) => {
    const box = make("input", "");
    Object.assign(box, { type: "checkbox", value: name, checked: ticked.includes(n) });
    return make("label", "", box, make("span", "", dayName(n)));
  });
  const group = make("div", "days", ...boxes);
  group.setAttribute("role", "group");
  group.ariaLabel = words.days;
  const away = button("×", () => {
    item.remove();
    add.hidden = false;
    add.focus();
    changed();
  }, words.remove);
  const item = make("li", "", make("div", "times",
    field(words.kwh, { className: "kwh", value: kwh }),
    field(words.by, { type: "time", value: by }), away), make("p", "", words.days), group);
  if (on) item.dataset.on = `${on} ${by}`;
  return item;
}

// One goal as the charger writes it; null while it is not complete.
function written(item) {
  const kwh = item.querySelector(".kwh");
  const by = item.querySelector("[type=time]").value.slice(0, 5);
  const days = [...item.querySelectorAll("[type=checkbox]:checked")].map((box) => box.value).join(",");
  if (!kwh.value || !kwh.validity.valid || !by) return null;
  const dated = item.dataset.on?.endsWith(by) ? item.dataset.on : by;
  return `${Number(kwh.value)} kWh by ${days ? `${days} ${by}` : dated}`;
}

function changed() {
  const texts = [...goals.children].map(written);
  if (texts.includes(null)) return; // more is to come
  send(texts.join(", ") || null);
}

// Shows *text*, unless somebody is changing it.
export function show(text) {
  if (goals.dataset.kept === text || goals.contains(document.activeElement)) return;
  goals.dataset.kept = text;
  goals.replaceChildren(...text.split(/(?<=:\d\d), /).map((part) => GOAL.exec(part)).filter(Boolean)
    .map(([, kwh, on, days, by]) => row(kwh, on, days, by)));
  add.hidden = goals.children.length >= MOST;
}

// States of charge for cars that tell none.
function calculator() {
  const [from, to, of] = [[words.from, 100], [words.to, 100], [words.of, 300]]
    .map(([label, max]) => field(label, { min: "0", max }));
  const value = (label) => Number(label.querySelector("input").value);
  const fill = button(words.put, () => {
    const kwh = ((value(to) - value(from)) / 100) * value(of) / CHARGED_SHARE;
    if (!(kwh >= 0.1)) return;
    if (!goals.lastChild) goals.append(row("", "", "", ""));
    goals.lastChild.querySelector(".kwh").value = kwh.toFixed(1);
    changed();
  });
  return make("details", "", make("summary", "", words.percent), make("div", "times", from, to, of, fill));
}

// Puts the editor on the page, once; *give* sends the text of each complete change, null for no plan.
export function open(text, give) {
  send = give;
  if (!goals.isConnected) {
    goals.addEventListener("change", changed);
    place.append(make("p", "", words.help), goals, add, calculator());
  }
  show(text);
  if (!goals.children.length) goals.append(row("", "", "", ""));
}
