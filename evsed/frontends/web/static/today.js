// SPDX-License-Identifier: GPL-3.0-or-later
// Today's chart: the kept rows of the day, the last hour in finer steps, and the live status.

import { DayChart } from "./daychart.js";
import { read, share } from "./dom.js";
import { day } from "./i18n.js";

const AGAIN_MS = 60_000;
const LIVE_S = 2; // between statuses
const LEAST_SPAN_S = 600; // a station that has just started shows its first minutes large

const chart = new DayChart(document.querySelector("#view_now .chart"));
let date = null; // of the day shown, by the charger's calendar
let offset_s = 0;
let kept = []; // rows of the day
let fine = []; // rows of the last hour
let live = []; // rows since this page was opened
let loadedAt = -Infinity;
let past = null; // energy until yesterday
let planned = []; // rows of the future, as the plan has them
let held = new Set(); // days of which something is kept

export const seconds = (iso) => Date.parse(iso) / 1000;

// The offset of the charger's clock from UTC, from the end of *iso*.
export function offset(iso) {
  const [, sign, hours, minutes] = /([+-])(\d\d):(\d\d)$/.exec(iso) ?? [null, "+", "0", "0"];
  return (sign === "-" ? -1 : 1) * (Number(hours) * 3600 + Number(minutes) * 60);
}

// The answer of /api/v1/days/<day> as rows for a DayChart.
export function rows(trace) {
  const start = seconds(trace.start);
  return trace.at_s.map((at_s, n) => ({
    at: start + at_s, for_s: trace.every_s, available_w: trace.available_w[n], power_w: trace.power_w[n],
    offered_w: trace.offered_w[n], battery_loan_wh: trace.battery_loan_wh[n], state: trace.state[n],
  }));
}

function update(s) {
  if (day(s.at) !== date) {
    date = day(s.at);
    [kept, fine, live] = [[], [], []];
    loadedAt = -Infinity;
  }
  offset_s = offset(s.at);
  const row = {
    at: seconds(s.at), for_s: LIVE_S, available_w: s.solar_w === null ? null : s.available_w, power_w: s.power_w,
    offered_w: s.offered_a * s.mains_v * s.phases, battery_loan_wh: s.battery_loan_wh, state: s.state,
  };
  const before = live.at(-1);
  if (before) before.for_s = Math.min(30, Math.max(0.5, row.at - before.at));
  // Changes keep their own row; a quiet time needs only its first and its last.
  const same = (a, b) => a.available_w === b.available_w && a.power_w === b.power_w
    && a.offered_w === b.offered_w && a.state === b.state;
  const quiet = before && live.length > 1 && same(before, row) && same(live.at(-2), row) && before.for_s < 30;
  if (quiet && row.at - live.at(-2).at < 20) {
    live.pop();
    live.at(-1).for_s = row.at - live.at(-1).at;
  }
  live.push(row);
  if (s.plan || planned.length) {
    import("./future.js").then(({ future }) => future(s, chart)).then((rows) => { planned = rows; });
  }
  if (performance.now() - loadedAt > AGAIN_MS) load(s.at);
  total(s);
  draw();
}

// Returns the kept day, or null. It asks for the list of days first: a 404 would count as a page error.
export async function readDay(wanted) {
  if (!held.has(wanted)) held = new Set((await read("api/v1/days"))?.days);
  return held.has(wanted) ? read(`api/v1/days/${wanted}`) : null;
}

// *now* is the charger's clock: the newest point of the last hour belongs to it.
async function load(now) {
  loadedAt = performance.now();
  const asked = date;
  const [trace, recent] = await Promise.all([readDay(asked), read("api/v1/recent"), loadPast()]);
  if (asked !== date) return; // midnight came in between
  if (trace) kept = rows(trace);
  if (recent) {
    fine = finer(recent, seconds(now));
    live = live.filter((row) => row.at > seconds(now) - recent.every_s);
  }
  draw();
}

// The page was hidden and received nothing: the live rows have a gap that the next load fills.
function wake() {
  live = [];
  loadedAt = -Infinity;
}

// /api/v1/recent has neither state nor loan: they are the kept row's of that time.
function finer(recent, now) {
  const last = recent.power_w.length - 1;
  let n = 0;
  return recent.power_w.map((power_w, index) => {
    const at = now - (last - index) * recent.every_s;
    while (kept[n + 1] && kept[n + 1].at <= at) n += 1;
    const row = kept[n] && kept[n].at <= at && at < kept[n].at + kept[n].for_s * 2 ? kept[n] : null;
    return {
      at, for_s: recent.every_s, power_w, available_w: recent.available_w[index],
      offered_w: recent.offered_w[index], battery_loan_wh: row?.battery_loan_wh ?? null, state: row?.state ?? null,
    };
  }).filter((row) => day(new Date((row.at + offset_s) * 1000).toISOString()) === date);
}

function draw() {
  const drawn = [];
  for (const part of [live, fine, kept]) { // the later ones only where the earlier begin
    const from = drawn[0]?.at ?? Infinity;
    drawn.unshift(...part.filter((row) => row.at < from - row.for_s / 2));
  }
  const last = drawn.at(-1);
  const end = last ? last.at + last.for_s : LEAST_SPAN_S;
  const start = Math.min(drawn[0]?.at ?? 0, end - LEAST_SPAN_S);
  const goal = planned.at(-1);
  chart.show([...drawn, ...planned], [start, goal ? goal.at + goal.for_s : end], offset_s);
}

// The solar share of all energy of which it is known: the years until yesterday, and today live.
async function loadPast() {
  if (past?.until === date) return;
  const until = date;
  const yesterday = new Date(Date.parse(`${until}T12:00:00Z`) - 86_400_000).toISOString().slice(0, 10);
  const periods = (await read(`api/v1/energy?by=year&to=${yesterday}`))?.periods;
  if (periods) past = { until, known: periods.filter((year) => year.solar_wh !== null) };
}

function total(s) {
  if (past?.until !== date) return;
  const sum = (key) => past.known.reduce((all, year) => all + year[key], 0);
  const known = s.day_solar_wh !== null;
  share("total", sum("energy_wh") + (known ? s.day_wh : 0), sum("solar_wh") + (known ? s.day_solar_wh : 0));
}

export const today = { update, wake };
