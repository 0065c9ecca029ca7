// SPDX-License-Identifier: GPL-3.0-or-later
// The owner's plan as it is expected to go: rows of the day's chart that are still to come, a line
// of the energy that counts, and a sentence. Fetched with a plan.

import { make, read, setText } from "./dom.js";
import { clock, date, day, number, t, watts } from "./i18n.js";
import words from "./plan_words.js";

const AGAIN_MS = 60_000;
const STEP_S = 900; // between the rows, so that each quarter of an hour can be read
const SOON_S = 36 * 3600; // the chart shows no more of the future
const TALL = 0.86; // of the chart, for the energy of the goal

const sentence = make("p", "quiet expected", "");
let asked = "";
let askedAt = -Infinity;
let plan = null; // the forecast
let points = []; // [seconds since 1970, Wh]

// Returns the rows, and gives *chart* what else there is to draw; none of it without a plan.
export async function future({ plan: goal, controls, at }, chart) {
  const wanted = goal && JSON.stringify([goal.due, goal.goal_kwh, goal.charges, goal.trouble, controls.mode, controls.window]);
  if (wanted && (wanted !== asked || performance.now() - askedAt > AGAIN_MS)) {
    [asked, askedAt] = [wanted, performance.now()];
    plan = await read("api/v1/plan") ?? plan;
  }
  if (!goal || !plan?.due) {
    [chart.expected, asked] = [null, ""];
    sentence.remove();
    return [];
  }
  const start = Date.parse(plan.at) / 1000;
  points = plan.at_s.map((at_s, n) => [start + at_s, plan.energy_wh[n]]);
  chart.expected = { draw, read: line };
  if (!sentence.isConnected) chart.foot(sentence);
  setText(sentence, describe());
  sentence.classList.toggle("warning", !plan.reached);
  return rows(Date.parse(at) / 1000, start);
}

function rows(now, start) {
  const found = [];
  const from = Math.max(now, start);
  for (let n = 0; n < plan.at_s.length - 1; n += 1) {
    const end = Math.min(start + plan.at_s[n + 1], from + SOON_S);
    let begin = Math.max(from, start + plan.at_s[n]);
    while (begin < end) {
      const next = Math.min(end, (Math.floor(begin / STEP_S) + 1) * STEP_S);
      found.push({ at: begin, for_s: next - begin, offered_w: plan.power_w[n], state: plan.planned[n] ? "plan" : null });
      begin = next;
    }
  }
  return found;
}

// The energy that counts at the moment *at*; null where nothing is expected.
function energyAt(at) {
  const n = points.findIndex(([moment]) => moment > at);
  if (n < 1) return at === points.at(-1)[0] ? points.at(-1)[1] : null;
  const [[from, before], [to, after]] = [points[n - 1], points[n]];
  return before + (after - before) * (at - from) / (to - from);
}

// What is read at *at*; "" for what has been.
function line(at, offered_w) {
  const wh = energyAt(at);
  return wh === null ? "" : t(words.expected_read, watts(offered_w), tenths(wh), tenths(plan.goal_wh));
}

function describe() {
  const [goal, by] = [tenths(plan.goal_wh), moment(plan.due)];
  return [
    plan.reached ? t(words.expected_reached, goal, by, moment(plan.reached))
      : t(words.expected_short, tenths(plan.expected_wh), goal, by),
    plan.begins ? t(words.expected_begins, moment(plan.begins)) : "",
    plan.sun_days ? t(words.expected_sun, tenths(plan.sun_wh), plan.sun_days) : words.expected_dark,
  ].filter(Boolean).join(" ");
}

const moment = (iso) => `${day(iso) === day(plan.at) ? "" : `${date(iso, { weekday: "short" })} `}${clock(iso).slice(0, 5)}`;

const tenths = (wh) => number(wh / 1000, 1); // what is foreseen is known no better

// The energy as a line towards the goal, which is a ring; what is missing is drawn below the ring.
function draw(chart, colour) {
  const { ctx, bbox } = chart;
  const most = Math.max(plan.goal_wh, ...plan.energy_wh);
  const x = (at) => chart.valToPos(at, "x", true);
  const y = (wh) => bbox.top + bbox.height * (1 - TALL * wh / most);
  const [end, reached] = points.at(-1);
  ctx.save();
  ctx.beginPath();
  ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
  ctx.clip();
  ctx.lineWidth = 2 * devicePixelRatio;
  ctx.strokeStyle = colour("--ink");
  ctx.beginPath();
  points.forEach(([at, wh]) => ctx.lineTo(x(at), y(wh)));
  ctx.stroke();
  if (!plan.reached) {
    ctx.strokeStyle = colour("--bad");
    ctx.beginPath();
    ctx.moveTo(x(end), y(reached));
    ctx.lineTo(x(end), y(plan.goal_wh));
    ctx.stroke();
  }
  ctx.restore();
  if (x(end) > bbox.left + bbox.width + 1) return; // beyond what is zoomed to
  const wide = 4 * devicePixelRatio;
  ctx.save();
  ctx.lineWidth = 2 * devicePixelRatio;
  ctx.strokeStyle = ctx.fillStyle = colour(plan.reached ? "--ink" : "--bad");
  ctx.beginPath();
  ctx.arc(x(end), y(plan.goal_wh), wide, 0, 2 * Math.PI);
  ctx.stroke();
  ctx.font = `${12 * devicePixelRatio}px ${getComputedStyle(chart.root).fontFamily}`;
  ctx.textAlign = "right";
  ctx.fillText(`${tenths(plan.goal_wh)} kWh`, x(end) - 2 * wide, y(plan.goal_wh) - wide);
  ctx.restore();
}
