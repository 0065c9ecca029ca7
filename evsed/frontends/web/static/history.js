// SPDX-License-Identifier: GPL-3.0-or-later
// The second view: energy, days and charges of the past. It is loaded when it is first opened.

import { bars } from "./bars.js";
import { DayChart } from "./daychart.js";
import { backup } from "./backup.js";
import "./tokens.js";
import { byId, make, put, read } from "./dom.js";
import { NONE, api, clock, date, day, duration, kwh, number, t, solarPercent } from "./i18n.js";
import { amounts } from "./money.js";
import { offset, readDay, rows, seconds } from "./today.js";

const PAGE = 12; // sessions at a time
const DAY_S = 86_400;
const SHOWN_FROM_WH = 5; // less is 0.00 kWh

let now = null; // the charger's clock, by the last status
let days = []; // of which a trace is kept, oldest first
let chart = null;
let oldest = null; // start of the oldest session shown
let running = null; // the session under way, and its row
let runningRow = null;

function update(status) {
  const first = now === null;
  now = status.at;
  if (first && !byId("view_history").hidden) load();
  const { session } = status;
  if (running && session.active && session.started === running.started) {
    Object.assign(running, session);
    const line = row(running);
    runningRow.replaceWith(line);
    runningRow = line;
  } else if (running && !first) loadSessions(null); // it has ended
}

async function load() {
  if (now === null) return;
  backup.setToday(day(now));
  await Promise.all([bars.show(day(now), showDay), loadDays(), loadSessions(null)]);
}

// ------------------------------------------------------------------------------ one day

async function loadDays() {
  days = (await read("api/v1/days"))?.days ?? [];
  const choose = byId("day_choose");
  if (days.length) [choose.min, choose.max] = [days[0], days.at(-1)];
  await showDay(choose.value || days.at(-1) || day(now));
}

async function showDay(wanted) {
  if (chart === null) {
    const inner = document.querySelector("#view_now .chart").cloneNode(true);
    inner.className = "chart";
    inner.removeAttribute("aria-labelledby");
    inner.querySelector("h2").replaceWith(document.querySelector(".day_step"));
    inner.querySelector(".plot").replaceChildren();
    inner.querySelector(".expected")?.remove();
    byId("day_chart").replaceChildren(inner);
    chart = new DayChart(inner);
  }
  byId("day_choose").value = wanted;
  byId("day_back").disabled = !days.some((each) => each < wanted);
  byId("day_on").disabled = !days.some((each) => each > wanted);
  put("day_title", date(wanted, { weekday: "long", day: "numeric", month: "long", year: "numeric" }));
  const trace = await readDay(wanted);
  if (byId("day_choose").value !== wanted) return; // another was chosen meanwhile
  const start = trace ? seconds(trace.start) : 0;
  chart.resetZoom();
  chart.show(trace ? rows(trace) : [], [start, start + DAY_S], trace ? offset(trace.start) : 0);
}

byId("day_choose").addEventListener("change", (event) => event.target.value && showDay(event.target.value));
byId("day_back").addEventListener("click", () => showDay(days.findLast((each) => each < byId("day_choose").value)));
byId("day_on").addEventListener("click", () => showDay(days.find((each) => each > byId("day_choose").value)));

// ----------------------------------------------------------------------------- sessions

async function loadSessions(before) {
  const query = before ? `&before=${encodeURIComponent(before)}` : "";
  if (!before) running = null;
  const page = await read(`api/v1/sessions?limit=${PAGE}${query}`);
  const sessions = page?.sessions ?? [];
  const lines = folded(sessions);
  if (before) byId("sessions").append(...lines);
  else byId("sessions").replaceChildren(...lines);
  oldest = sessions.at(-1)?.started ?? oldest;
  byId("sessions_more").hidden = sessions.length < PAGE;
  put("sessions_text", byId("sessions").children.length ? "" : t("sessions_none"));
}

// One row a session; those without energy, one after another, are folded into one.
function folded(sessions) {
  const lines = [];
  let empty = [];
  const fold = () => {
    if (empty.length) lines.push(foldRow(empty), ...empty);
    empty = [];
  };
  for (const session of sessions) {
    const line = row(session);
    if (session.ended === null) [running, runningRow] = [session, line];
    if (session.ended !== null && session.energy_wh < SHOWN_FROM_WH) {
      line.hidden = true;
      empty.push(line);
    } else {
      fold();
      lines.push(line);
    }
  }
  fold();
  return lines;
}

function foldRow(empty) {
  const button = make("button", "plain", t(empty.length === 1 ? "fold_one" : "fold_many", empty.length));
  button.type = "button";
  button.setAttribute("aria-expanded", "false");
  button.addEventListener("click", () => {
    const open = button.getAttribute("aria-expanded") !== "true";
    button.setAttribute("aria-expanded", String(open));
    for (const line of empty) line.hidden = !open;
  });
  const cell = make("td", "", button);
  cell.colSpan = 6;
  return make("tr", "fold", cell);
}

function reasonText(reason) {
  const key = `reason_${reason?.replaceAll(" ", "_")}`;
  const words = t(key);
  return words === key ? reason ?? "" : words;
}

function row(session) {
  const percent = solarPercent(session.energy_wh, session.solar_wh);
  const started = make("time", "", `${date(session.started, { day: "numeric", month: "short", year: "numeric" })}, ${clock(session.started).slice(0, 5)}`);
  started.dateTime = session.started;
  const long = session.ended ? duration(seconds(session.ended) - seconds(session.started)) : t("session_goes_on");
  const head = make("th", "", started);
  head.scope = "row";
  const cells = [
    ["col_time", long],
    ["col_energy", `${session.energy_measured || session.energy_wh < SHOWN_FROM_WH ? "" : "≈ "}${kwh(session.energy_wh)} kWh`],
    ["col_sun", percent === null ? NONE : `${percent} %`],
    ["col_peak", `${number(session.peak_a, 1)} A`],
    ["col_reason", reasonText(session.reason)],
  ];
  const money = make("span", "money", amounts(session.cost, session.savings).slice(2));
  return make("tr", "", head, ...cells.map(([name, text]) => {
    const cell = make("td", name, text, name === "col_energy" ? money : "");
    cell.dataset.name = t(name);
    return cell;
  }));
}

byId("csv_month").addEventListener("input", (event) => {
  const { value } = event.target;
  const month = /^\d{4}-(0[1-9]|1[0-2])$/.test(value) && value; // a browser without such a picker takes any text
  byId("csv").href = `api/v1/sessions.csv${month ? `?month=${month}` : ""}`;
  byId("print").href = api(`api/v1/sessions.html${month ? `?month=${month}` : ""}`);
  put("csv", month ? t("csv_of", date(`${month}-01`, { month: "long", year: "numeric" })) : t("csv"));
});
byId("sessions_more").addEventListener("click", () => loadSessions(oldest));
backup.onDeleted(load);

export const history = { update, load };
