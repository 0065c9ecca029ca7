// SPDX-License-Identifier: GPL-3.0-or-later
// Puts one status on the page. Writes only what changed, so that a screen reader hears only news.

import { NONE, age, ampere, clock, day, duration, kwh, number, say, watt, watts } from "./say.js";

const LEAST_A = 6; // the least a pilot can offer, IEC 61851-1 Table A.7

const FUSES_A = [10, 16, 20, 32, 40, 63, 80]; // how far the gauge reaches where no limit says it

const MOODS = {
  Available: "quiet", Preparing: "wait", Charging: "good", SuspendedEV: "calm",
  SuspendedEVSE: "wait", Finishing: "calm", Unavailable: "bad", Faulted: "bad",
};

const byId = (id) => document.getElementById(id);

function put(id, text) {
  const element = byId(id);
  if (element.textContent !== text) element.textContent = text;
}

function putWatts(id, value) {
  const [figure, unit] = watt(value);
  put(id, figure);
  put(`${id}_unit`, unit);
}

function make(tag, className, ...children) {
  const element = document.createElement(tag);
  if (className) element.className = className;
  element.append(...children);
  return element;
}

// Rebuilds a list only when what it says has changed.
function list(id, said, build) {
  const element = byId(id);
  const key = JSON.stringify(said);
  if (element.dataset.said === key) return;
  element.dataset.said = key;
  element.replaceChildren(...build());
}

export function show(s) {
  now(s);
  faults(s);
  flow(s);
  energy(s);
  limits(s);
  feed(s);
  events(s);
  more(s);
}

function now(s) {
  byId("now").dataset.mood = s.faults.length ? "bad" : MOODS[s.evse_status] ?? "quiet";
  put("words", s.words);
  put("why", s.why || "\u00a0");
  byId("now").toggleAttribute("data-long", s.words.length > 40);
  // Spoken when the state changes, not with every ampere.
  const spoken = `${s.evse_status} ${s.faults.map((fault) => fault.name).join(" ")}`;
  if (byId("announce").dataset.spoken !== spoken) {
    byId("announce").dataset.spoken = spoken;
    put("announce", `${s.words}. ${s.why}`);
  }
  put("offered_a", number(s.offered_a, 1));
  put("drawn_a", number(s.drawn_a, 1));
  put("drawn_label", say(s.drawn_measured ? "drawn" : "drawn_estimate"));
  putWatts("power", s.power_w);
  const lowest = s.limits.find((limit) => limit.owner === s.limited_by);
  put("limited", lowest && !s.faults.length ? say("limited_by", owner(lowest.owner)) : "\u00a0");
  put("left", lowest?.left_s > 0 ? say("left", duration(lowest.left_s)) : "");
  gauge(s);
  document.title = s.offered_a > 0 ? `${ampere(s.offered_a)} · ${s.words}` : s.words;
}

function gauge(s) {
  const supply_a = s.limits.find((limit) => limit.owner === "supply")?.max_a;
  const most = supply_a || FUSES_A.find((amperes) => amperes >= s.offered_a);
  const share = (amperes) => `${Math.min(100, Math.max(0, (100 * amperes) / most))}%`;
  byId("gauge_drawn").style.width = share(s.drawn_a);
  byId("gauge_offered").style.width = share(s.offered_a);
  byId("gauge_least").style.left = share(LEAST_A);
  byId("gauge_least_label").style.left = share(LEAST_A);
  byId("gauge_least_label").hidden = most < LEAST_A * 1.3;
  put("gauge_most", `${number(most)} A`);
}

function owner(name) {
  const key = `owner_${name}`;
  const words = say(key);
  return words === key ? name : words;
}

function faults(s) {
  byId("faults").hidden = s.faults.length === 0;
  list("faults", s.faults, () => s.faults.map((fault) => make("article", "fault",
    make("h2", "", fault.what),
    make("p", "todo", make("strong", "", `${say("fault_todo")} `), fault.todo),
    make("p", "", make("strong", "", `${say("fault_done")} `), fault.done),
    make("p", "quiet", `${say(`recovery_${fault.recovery}`)} ${fault.name}, ${
      say("fault_since", `${day(fault.since)} ${clock(fault.since)}`)}`),
  )));
}

function flow(s) {
  const known = s.excess_w !== null;
  const car = s.state !== "A" && s.state !== "-";
  const taking = s.contactor_closed && s.power_w > 0;
  put("flow_sun", known ? watts(s.available_w) : NONE);
  put("flow_car", watts(taking ? s.power_w : 0));
  put("flow_battery", known ? watts(Math.abs(s.excess_w)) : NONE);
  put("flow_battery_name", say(!known ? "battery" : s.excess_w < 0 ? "battery_lends" : "battery_spare"));
  put("flow_car_name", say(car ? "car" : "no_car"));
  byId("flow").classList.toggle("empty", !car);
  run("wire_sun", s.available_w > 0 ? 1 : 0, s.available_w);
  run("wire_car", taking ? 1 : 0, s.power_w);
  run("wire_battery", known ? Math.sign(s.excess_w) : 0, s.excess_w);
  byId("wire_car").classList.toggle("open", !s.contactor_closed);
  const taken = watts(s.power_w);
  if (!known) put("flow_said", taking ? say("flow_said_none", "", taken) : say("flow_open"));
  else if (!taking) put("flow_said", say("flow_open"));
  else if (s.excess_w < 0) put("flow_said", say("flow_said_short", "", taken, watts(-s.excess_w)));
  else put("flow_said", say("flow_said_spare", watts(s.available_w), taken, watts(s.excess_w)));
}

// Dashes move along a wire: forwards, backwards or not, the faster the more flows.
function run(id, direction, power) {
  const wire = byId(id);
  wire.dataset.run = direction > 0 ? "on" : direction < 0 ? "back" : "off";
  const seconds = Math.min(3, Math.max(0.6, 2000 / Math.max(1, Math.abs(power ?? 0))));
  const pace = `${seconds.toFixed(1)}s`;
  if (wire.style.animationDuration !== pace) wire.style.animationDuration = pace;
}

function energy(s) {
  put("session_label", say(s.session.active ? "session" : "session_last"));
  put("session_kwh", kwh(s.session.energy_wh));
  put("session_more", s.session.started
    ? say("session_more", duration(s.session.charge_s), number(s.session.peak_a, 1)) : "\u00a0");
  put("day_kwh", kwh(s.day_wh));
  put("total_kwh", kwh(s.total_wh));
  put("estimate", s.session.energy_measured ? say("measured") : say("estimate", number(s.mains_v)));
}

function limits(s) {
  const said = s.limits.map((limit) => [limit.owner, ampere(limit.max_a), limit.reason,
    limit.left_s > 0 ? say("left", duration(limit.left_s)) : "", limit.owner === s.limited_by]);
  list("limits", said, () => said.map(([name, most, reason, left, lowest]) => {
    const head = make("p", "", make("b", "", owner(name)), make("span", "most", most));
    if (lowest) head.firstChild.after(make("em", "", say("limit_lowest")));
    return make("li", lowest ? "lowest" : "", head, make("p", "quiet", reason, left ? ` · ${left}` : ""));
  }));
}

function feed(s) {
  putWatts("excess", s.excess_w);
  putWatts("available", s.available_w);
  put("age", s.feed_age_s === null ? NONE : age(s.feed_age_s));
  const fixed = s.feed_kind === "fixed";
  put("feed_said", s.feed_error ?? say(fixed ? "feed_fixed" : s.excess_w === null ? "feed_none" : "feed_from", s.feed_kind));
  byId("feed_said").classList.toggle("warning", s.feed_error !== null);
}

function events(s) {
  const said = [...s.events].sort((a, b) => b.at.localeCompare(a.at)).slice(0, 10);
  list("events", said, () => said.length === 0 ? [make("li", "quiet", say("events_none"))]
    : said.map((event) => {
      const today = day(event.at) === day(s.at);
      const time = make("time", "", today ? clock(event.at) : `${day(event.at).slice(5)} ${clock(event.at).slice(0, 5)}`);
      time.dateTime = event.at;
      const text = event.level === "info" ? [event.text]
        : [make("strong", "", `${say(event.level)}: `), event.text];
      return make("li", event.level, time, make("span", "", ...text));
    }));
}

function more(s) {
  const volts = (value) => value === null ? NONE : `${number(value, 2)} V`;
  const said = [
    ["more_state", `${s.state} · ${s.evse_status}`],
    ["more_high_v", volts(s.high_v)],
    ["more_low_v", volts(s.low_v)],
    ["more_duty", `${number(100 * s.duty, 1)} %`],
    ["more_contactor", say(s.contactor_closed ? "more_closed" : "more_open")],
    ["more_cycles", say("more_cycles_n", number(s.contactor_cycles))],
    ["more_mains", say("more_phases", number(s.mains_v), s.phases)],
    ["more_tick", `${number(s.tick.worst_ms, 1)} ms`],
    ["more_late", number(s.tick.late)],
    ["more_uptime", duration(s.uptime_s)],
    ["more_version", s.version],
  ];
  list("more", said, () => said.map(([key, value]) => make("div", "", make("dt", "", say(key)), make("dd", "", value))));
}
