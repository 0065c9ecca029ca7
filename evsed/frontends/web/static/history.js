// SPDX-License-Identifier: GPL-3.0-or-later
// The second view: what it has done for its owner.  Fetched when somebody looks.

import { bars } from "./bars.js";
import { DayChart } from "./daychart.js";
import { keeping } from "./keep.js";
import { byId, make, put, read } from "./page.js";
import { NONE, clock, date, day, duration, kwh, number, say, sunPercent } from "./say.js";
import { offset, readDay, rows, seconds } from "./today.js";

const PAGE = 12; // sessions at a time
const DAY_S = 86_400;

let now = null; // the station's clock, as it last told
let days = []; // of which a trace is kept, oldest first
let chart = null;
let oldest = null; // start of the oldest session shown

function hear(status) {
  const first = now === null;
  now = status.at;
  if (first && !byId("view_history").hidden) load();
}

async function load() {
  if (now === null) return;
  keeping.today(day(now));
  await Promise.all([bars.show(day(now), showDay), loadDays(), loadSessions(null)]);
}

// ------------------------------------------------------------------------------ one day

async function loadDays() {
  days = (await read("/api/v1/days"))?.days ?? [];
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
    byId("day_chart").replaceChildren(inner);
    chart = new DayChart(inner);
  }
  byId("day_choose").value = wanted;
  byId("day_back").disabled = !days.some((one) => one < wanted);
  byId("day_on").disabled = !days.some((one) => one > wanted);
  put("day_title", date(wanted, { weekday: "long", day: "numeric", month: "long", year: "numeric" }));
  const told = await readDay(wanted);
  if (byId("day_choose").value !== wanted) return; // another was chosen meanwhile
  const start = told ? seconds(told.start) : 0;
  chart.again();
  chart.show(told ? rows(told) : [], [start, start + DAY_S], told ? offset(told.start) : 0);
}

byId("day_choose").addEventListener("change", (event) => event.target.value && showDay(event.target.value));
byId("day_back").addEventListener("click", () => showDay(days.findLast((one) => one < byId("day_choose").value)));
byId("day_on").addEventListener("click", () => showDay(days.find((one) => one > byId("day_choose").value)));

// ----------------------------------------------------------------------------- sessions

async function loadSessions(before) {
  const query = before ? `&before=${encodeURIComponent(before)}` : "";
  const told = await read(`/api/v1/sessions?limit=${PAGE}${query}`);
  const sessions = told?.sessions ?? [];
  const made = sessions.map(row);
  if (before) byId("sessions").append(...made);
  else byId("sessions").replaceChildren(...made);
  oldest = sessions.at(-1)?.started ?? oldest;
  byId("sessions_more").hidden = sessions.length < PAGE;
  put("sessions_said", byId("sessions").children.length ? "" : say("sessions_none"));
}

function why(reason) {
  const key = `reason_${reason?.replaceAll(" ", "_")}`;
  const words = say(key);
  return words === key ? reason ?? "" : words;
}

function row(session) {
  const percent = sunPercent(session.energy_wh, session.solar_wh);
  const started = make("time", "", `${date(session.started, { day: "numeric", month: "short", year: "numeric" })}, ${clock(session.started).slice(0, 5)}`);
  started.dateTime = session.started;
  const long = session.ended ? duration(seconds(session.ended) - seconds(session.started)) : say("session_goes_on");
  const head = make("th", "", started);
  head.scope = "row";
  const cells = [
    ["col_time", long],
    ["col_energy", `${session.energy_measured ? "" : "≈ "}${kwh(session.energy_wh)} kWh`],
    ["col_sun", percent === null ? NONE : `${percent} %`],
    ["col_peak", `${number(session.peak_a, 1)} A`],
    ["col_reason", why(session.reason)],
  ];
  return make("tr", "", head, ...cells.map(([name, text]) => {
    const cell = make("td", name, text);
    cell.dataset.name = say(name);
    return cell;
  }));
}

byId("sessions_more").addEventListener("click", () => loadSessions(oldest));
keeping.whenChanged(load);

export const history = { hear, load };
