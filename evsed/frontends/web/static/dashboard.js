// SPDX-License-Identifier: GPL-3.0-or-later
// The present state in words and figures.

import { byId, list, make, put, putWatts, share } from "./dom.js";
import { NONE, ampere, clock, day, duration, kwh, number, t } from "./i18n.js";

const LEAST_A = 6; // the least a pilot can offer, IEC 61851-1 Table A.7

const FUSES_A = [10, 16, 20, 32, 40, 63, 80]; // the end of the gauge where no supply limit gives it

const MOODS = {
  Available: "quiet", Preparing: "wait", Charging: "good", SuspendedEV: "calm",
  SuspendedEVSE: "wait", Finishing: "calm", Unavailable: "bad", Faulted: "bad",
};

export function updateDashboard(s) {
  now(s);
  faults(s);
  energy(s);
  limits(s);
  events(s);
  more(s);
}

function now(s) {
  byId("now").dataset.mood = s.faults.length ? "bad" : MOODS[s.evse_status] ?? "quiet";
  put("summary", s.summary);
  // A fault's name is no reason for people: what was done about it is.
  const reason = s.faults.find((fault) => fault.name === s.reason)?.done ?? s.reason;
  put("reason", reason || "\u00a0");
  byId("now").toggleAttribute("data-long", s.summary.length > 40);
  // Spoken when the state changes, not with every ampere.
  const spoken = `${s.evse_status} ${s.faults.map((fault) => fault.name).join(" ")}`;
  if (byId("announce").dataset.spoken !== spoken) {
    byId("announce").dataset.spoken = spoken;
    put("announce", `${s.summary}. ${reason}`);
  }
  put("offered_a", number(s.offered_a, 1));
  put("drawn_a", number(s.drawn_a, 1));
  put("drawn_label", t(s.drawn_measured ? "drawn" : "drawn_estimate"));
  putWatts("power", s.power_w);
  put("mains_v", `${number(s.mains_v)}${s.phases > 1 ? ` × ${s.phases}` : ""}`);
  const lowest = s.limits.find((limit) => limit.owner === s.limited_by);
  put("limited", lowest && !s.faults.length ? t("limited_by", owner(lowest.owner)) : "\u00a0");
  put("left", lowest?.left_s > 0 ? t("left", duration(lowest.left_s)) : "");
  gauge(s);
  document.title = s.offered_a > 0 ? `${ampere(s.offered_a)} · ${s.summary}` : s.summary;
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
  const words = t(key);
  return words === key ? name : words;
}

function faults(s) {
  byId("faults").hidden = s.faults.length === 0;
  list("faults", s.faults, () => s.faults.map((fault) => make("article", "fault",
    make("h2", "", fault.what),
    make("p", "todo", make("strong", "", `${t("fault_todo")} `), fault.todo),
    make("p", "", make("strong", "", `${t("fault_done")} `), fault.done),
    make("p", "quiet", `${t(`recovery_${fault.recovery}`)} ${fault.name}, ${
      t("fault_since", `${day(fault.since)} ${clock(fault.since)}`)}`),
  )));
}

function energy(s) {
  put("session_label", t(s.session.active ? "session" : "session_last"));
  put("session_kwh", kwh(s.session.energy_wh));
  put("session_more", s.session.started
    ? t("session_more", duration(s.session.charge_s), number(s.session.peak_a, 1)) : "");
  put("day_kwh", kwh(s.day_wh));
  put("total_kwh", kwh(s.total_wh));
  share("session", s.session.energy_wh, s.session.solar_wh);
  share("day", s.day_wh, s.day_solar_wh);
  put("estimate", s.session.energy_measured ? t("measured") : t("estimate", number(s.mains_v)));
}

function limits(s) {
  const content = s.limits.map((limit) => [limit.owner, ampere(limit.max_a), limit.reason,
    limit.left_s > 0 ? t("left", duration(limit.left_s)) : "", limit.owner === s.limited_by]);
  list("limits", content, () => content.map(([name, most, reason, left, lowest]) => {
    const head = make("p", "", make("b", "", owner(name)), make("span", "most", most));
    if (lowest) head.firstChild.after(make("em", "", t("limit_lowest")));
    return make("li", lowest ? "lowest" : "", head, make("p", "quiet", reason, left ? ` · ${left}` : ""));
  }));
}

function events(s) {
  const content = [...s.events].sort((a, b) => b.at.localeCompare(a.at)).slice(0, 8);
  list("events", content, () => content.length === 0 ? [make("li", "quiet", t("events_none"))]
    : content.map((event) => {
      const today = day(event.at) === day(s.at);
      const time = make("time", "", today ? clock(event.at) : `${day(event.at).slice(5)} ${clock(event.at).slice(0, 5)}`);
      time.dateTime = event.at;
      const text = event.level === "info" ? [event.text]
        : [make("strong", "", `${t(event.level)}: `), event.text];
      return make("li", event.level, time, make("span", "", ...text));
    }));
}

function more(s) {
  const volts = (value) => value === null ? NONE : `${number(value, 2)} V`;
  const content = [
    ["more_state", `${s.state} · ${s.evse_status}`],
    ["more_high_v", volts(s.high_v)],
    ["more_low_v", volts(s.low_v)],
    ["more_duty", `${number(100 * s.duty, 1)} %`],
    ["more_contactor", t(s.contactor_closed ? "more_closed" : "more_open")],
    ["more_cycles", t("more_cycles_n", number(s.contactor_cycles))],
    ["more_mains", t("more_phases", number(s.mains_v), s.phases)],
    ["more_tick", `${number(s.tick.worst_ms, 1)} ms`],
    ["more_late", number(s.tick.late)],
    ["more_uptime", duration(s.uptime_s)],
    ["more_version", s.version],
  ];
  list("more", content, () => content.map(([key, value]) => make("div", "", make("dt", "", t(key)), make("dd", "", value))));
}
