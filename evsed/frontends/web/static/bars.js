// SPDX-License-Identifier: GPL-3.0-or-later
// Energy by day, month or year: each bar is a button with its text, the solar part at its foot.

import { byId, make, put, read } from "./dom.js";
import { date, kwh, t, solarPercent, wholeDay } from "./i18n.js";
import { amounts } from "./money.js";

const pad = (n) => String(n).padStart(2, "0");
const SPANS = { // how far one step goes, and what is named where
  day: {
    span: (year, month) => [`${year}-${pad(month)}-01`, `${year}-${pad(month)}-${pad(new Date(Date.UTC(year, month, 0)).getUTCDate())}`],
    title: (from) => date(from, { month: "long", year: "numeric" }),
    periods: (from, to) => Array.from({ length: Number(to.slice(8)) }, (_, n) => `${from.slice(0, 8)}${pad(n + 1)}`),
    foot: (start) => String(Number(start.slice(8))),
    name: wholeDay,
  },
  month: {
    span: (year) => [`${year}-01-01`, `${year}-12-31`],
    title: (from) => from.slice(0, 4),
    periods: (from) => Array.from({ length: 12 }, (_, n) => `${from.slice(0, 4)}-${pad(n + 1)}-01`),
    foot: (start) => date(start, { month: "narrow" }),
    name: (start) => date(start, { month: "long", year: "numeric" }),
  },
  year: {
    span: (year) => [`${year - 9}-01-01`, `${year}-12-31`],
    title: (from, to) => `${from.slice(0, 4)} – ${to.slice(0, 4)}`,
    periods: (from) => Array.from({ length: 10 }, (_, n) => `${Number(from.slice(0, 4)) + n}-01-01`),
    foot: (start) => `’${start.slice(2, 4)}`,
    name: (start) => start.slice(0, 4),
  },
};

let by = "day";
let today = null;
let year = 0;
let month = 0;
let all = "\u00a0"; // the sum of all that is shown, in words
let open = () => {};

async function show(now, opens) {
  open = opens;
  if (today === null) [year, month] = now.split("-").map(Number);
  today = now;
  await draw();
}

async function draw() {
  const kind = SPANS[by];
  const [from, to] = kind.span(year, month);
  put("periods_span", kind.title(from, to));
  byId("periods_on").disabled = to >= today;
  const asked = `${by} ${from}`;
  const answer = await read(`api/v1/energy?by=${by}&from=${from}&to=${to}`);
  if (asked !== `${by} ${kind.span(year, month)[0]}`) return; // stepped on meanwhile
  const found = new Map((answer?.periods ?? []).map((period) => [period.start, period]));
  const most = Math.max(1, ...[...found.values()].map((period) => period.energy_wh));
  const list = byId("bars");
  list.dataset.by = by;
  list.dataset.top = found.size ? t("bars_top", kwh(most)) : "";
  list.replaceChildren(...kind.periods(from, to).map((start) => bar(start, found.get(start), most, kind)));
  sum([...found.values()]);
}

function bar(start, period, most, kind) {
  const wh = period?.energy_wh ?? 0;
  const percent = period ? solarPercent(wh, period.solar_wh) : null;
  const column = make("i", percent === null && wh ? "unknown" : "");
  column.style.setProperty("--tall", `${(100 * wh) / most}%`);
  column.style.setProperty("--share", `${percent ?? 0}%`);
  const button = make("button", start === today ? "today" : "", column, make("span", "", kind.foot(start)));
  button.type = "button";
  button.disabled = !period;
  const text = sentence(kind.name(start), wh, percent, period);
  button.title = text;
  button.setAttribute("aria-label", text);
  for (const event of period ? ["pointerenter", "focus"] : []) button.addEventListener(event, () => put("periods_sum", text));
  button.addEventListener("click", () => step(start));
  return make("li", "", button);
}

function sentence(name, wh, percent, money) {
  return (percent === null ? t("bar_text", name, kwh(wh)) : t("bar_text_sun", name, kwh(wh), percent))
    + amounts(money?.cost, money?.savings);
}

function sum(periods) {
  const known = periods.filter((period) => period.solar_wh !== null);
  const added = (list, key) => list.reduce((total, period) => total + period[key], 0);
  const wh = added(periods, "energy_wh");
  const priced = periods.filter((period) => period.cost !== null);
  const money = priced.length && { cost: added(priced, "cost"), savings: added(priced, "savings") };
  all = wh ? sentence(t("bars_all"), wh, solarPercent(added(known, "energy_wh"), added(known, "solar_wh")), money) : t("bars_none");
  put("periods_sum", all);
}

// A bar leads to what it is made of: a year to its months, a month to its days, a day to its chart.
function step(start) {
  if (by === "day") {
    open(start);
    byId("day_card").scrollIntoView({ block: "nearest" });
    return;
  }
  [year, month] = start.split("-").map(Number);
  choose(by === "year" ? "month" : "day");
}

function choose(wanted) {
  by = wanted;
  for (const button of byId("periods_by").children) {
    button.setAttribute("aria-pressed", String(button.value === by));
  }
  draw();
}

function move(steps) {
  const months = { day: 1, month: 12, year: 120 }[by] * steps;
  const at = new Date(Date.UTC(year, month - 1 + months, 1));
  [year, month] = [at.getUTCFullYear(), at.getUTCMonth() + 1];
  draw();
}

byId("periods_by").addEventListener("click", (event) => event.target.value && choose(event.target.value));
byId("periods_back").addEventListener("click", () => move(-1));
byId("periods_on").addEventListener("click", () => move(1));
byId("bars").addEventListener("pointerleave", () => put("periods_sum", all));

export const bars = { show };
