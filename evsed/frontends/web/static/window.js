// SPDX-License-Identifier: GPL-3.0-or-later
// The weekly window as days to tick and times to pick. The charger writes it as
// "Mon-Fri 22:00-06:00, Sat,Sun 10:00-24:00"; so does this.

import { byId, make } from "./dom.js";
import { dayName, t } from "./i18n.js";

export const DAYS = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
const MIDNIGHT = "00:00";
const MOST = 14; // ranges that the charger takes

const ranges = byId("window_ranges");
const add = byId("window_add");

// Days of "Mon-Fri" or "Sat,Sun" as numbers, 0 is Monday.
export function daysOf(text) {
  return text.split(",").flatMap((part) => {
    const [first, last] = part.split("-").map((name) => DAYS.indexOf(name));
    if (last === undefined) return [first];
    return Array.from({ length: ((last - first + 7) % 7) + 1 }, (_, n) => (first + n) % 7);
  });
}

function row(days, begin, end) {
  const boxes = DAYS.map((name, n) => {
    const box = make("input", "");
    Object.assign(box, { type: "checkbox", value: name, checked: days.includes(n) });
    return make("label", "", box, make("span", "", dayName(n)));
  });
  const times = [["window_from", begin], ["window_to", end]].map(([key, value]) => {
    const time = make("input", "");
    Object.assign(time, { type: "time", required: true, value, ariaLabel: t(key) });
    return time;
  });
  const away = make("button", "", "×");
  Object.assign(away, { type: "button", ariaLabel: t("window_remove"), title: t("window_remove") });
  const group = make("div", "days", ...boxes);
  group.setAttribute("role", "group");
  group.ariaLabel = t("window_days");
  return make("li", "", group, make("div", "times", times[0], "–", times[1], away));
}

// One range as the charger writes it; null while it is not complete.
function written(item) {
  const days = [...item.querySelectorAll("[type=checkbox]:checked")].map((box) => box.value);
  const [begin, end] = [...item.querySelectorAll("[type=time]")].map((time) => time.value.slice(0, 5));
  if (!days.length || !begin || !end || (begin === end && begin !== MIDNIGHT)) return null;
  return `${days.join(",")} ${begin}-${end === MIDNIGHT ? "24:00" : end}`;
}

// Shows *text*, unless somebody is changing it.
function show(text) {
  if (ranges.dataset.kept === text || byId("control_window").contains(document.activeElement)) return;
  ranges.dataset.kept = text;
  ranges.replaceChildren(...text.split(/(?<=:\d\d)\s*,\s*/).filter(Boolean).map((part) => {
    const [days, begin, end] = part.split(/\s+|(?<=:\d\d)-/);
    return row(daysOf(days), begin, end === "24:00" ? MIDNIGHT : end);
  }));
}

// Calls *send* with the text of each complete change, null for no window.
function onChange(send) {
  const changed = () => {
    const texts = [...ranges.children].map(written);
    if (texts.includes(null)) return; // more is to come
    ranges.dataset.kept = texts.join(", ");
    send(texts.join(", ") || null);
    add.hidden = ranges.children.length >= MOST;
  };
  ranges.addEventListener("change", changed);
  ranges.addEventListener("click", (event) => {
    if (event.target.type !== "button") return;
    event.target.closest("li").remove();
    add.hidden = false;
    add.focus();
    changed();
  });
  add.addEventListener("click", () => {
    ranges.append(row([], "", ""));
    ranges.lastChild.querySelector("input").focus();
  });
}

export const windowPicker = { show, onChange };
