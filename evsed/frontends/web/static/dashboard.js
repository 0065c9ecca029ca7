// SPDX-License-Identifier: GPL-3.0-or-later
// The present state in words and figures.

import { byId, list, make, prose, put, share } from "./dom.js";
import { NONE, ampere, clock, date, day, duration, kilowatts, kwh, minutes, number, solarPercent, t } from "./i18n.js";

const LEAST_A = 6; // the least a pilot can offer, IEC 61851-1 Table A.7
const FUSES_A = [10, 16, 20, 32, 40, 63, 80]; // the end of the gauge where no supply limit gives it
const UNTAKEN_A = 1; // a car that draws so much less than the offer has a limit of its own
const PLAIN_LENGTH = 90; // a longer reason is a technical one: it is one tap away

const MOODS = {
  Available: "quiet", Preparing: "wait", Charging: "good", SuspendedEV: "calm",
  SuspendedEVSE: "wait", Finishing: "calm", Unavailable: "bad", Faulted: "bad",
};

export function updateDashboard(s) {
  headline(s);
  faults(s);
  session(s);
  current(s);
  limits(s);
  energy(s);
  events(s);
  more(s);
}

const isKnown = (s) => s.board_ok && s.ticking;

function headline(s) {
  byId("view_now").dataset.mood = s.faults.length ? "bad" : MOODS[s.evse_status] ?? "quiet";
  put("summary", s.summary);
  const [reason, cause] = reasons(s);
  put("reason", reason);
  byId("reason").hidden = !reason;
  byId("cause").hidden = !cause;
  list("cause_text", cause, () => prose(cause));
  byId("now").toggleAttribute("data-long", s.summary.length > 40);
  // Spoken when the state changes, not with every ampere.
  const spoken = `${s.evse_status} ${s.faults.map((fault) => fault.name).join(" ")}`;
  if (byId("announce").dataset.spoken !== spoken) {
    byId("announce").dataset.spoken = spoken;
    put("announce", `${s.summary}. ${reason}`);
  }
  document.title = s.summary;
}

// The reason for the owner, and the technical cause. The card of a fault has its own.
function reasons(s) {
  if (s.faults.length) return ["", ""];
  if (isKnown(s) && s.reason.length <= PLAIN_LENGTH) return [s.reason, ""];
  return [t(isKnown(s) ? "headline_technical" : "headline_lost"), s.reason];
}

function faults(s) {
  byId("faults").hidden = s.faults.length === 0;
  list("faults", s.faults, () => s.faults.map((fault) => make("article", "fault",
    ...(s.faults.length > 1 ? [make("h2", "", t(`fault_${fault.name}`))] : []),
    make("p", "todo", make("strong", "", `${t("fault_todo")} `), ...prose(fault.todo)),
    make("p", "", make("strong", "", `${t("fault_done")} `), ...prose(fault.done)),
    make("p", "quiet", t(`recovery_${fault.recovery}`)),
    make("details", "quiet", make("summary", "", t("cause")),
      make("p", "", ...prose(fault.what), ` (${fault.name}, ${t("fault_since", `${day(fault.since)} ${clock(fault.since)}`)})`)),
  )));
}

// Power, energy, time and end of this charge, or of the last one.
function session(s) {
  put("power", kilowatts(s.power_w));
  const { active, energy_wh, solar_wh, started, charge_s } = s.session;
  const percent = solarPercent(energy_wh, solar_wh);
  const estimated = energy_wh > 0 && !s.session.energy_measured;
  put("session_label", t(active ? "session" : "session_last"));
  put("session_sun", percent === null ? "\u00a0" : t("sun_share", percent));
  put("session_kwh", started ? `${estimated ? "≈ " : ""}${kwh(energy_wh)}` : NONE);
  const at = started && (day(started) === day(s.at) ? clock(started).slice(0, 5) : `${day(started).slice(5)}, ${clock(started).slice(0, 5)}`);
  put("since_label", started ? t(active ? "since" : "began", at) : t("since_none"));
  put("since", !started ? NONE : minutes(active ? (Date.parse(s.at) - Date.parse(started)) / 1000 : charge_s));
  put("done_label", t(active || !started ? "done" : "done_power"));
  const end = active && s.expected_end;
  put("done", end ? t("about", moment(end, s.at)) : active || !started ? NONE : ampere(s.session.peak_a));
  put("done_by", end ? t(`done_by_${s.expected_end_by}`) : "\u00a0");
  byId("since_label").parentElement.hidden = !started;
  put("session_more", [
    active && energy_wh > 0 ? t("session_more", duration(charge_s), number(s.session.peak_a, 1)) : "",
    estimated ? t("estimate", number(s.mains_v)) : "",
  ].filter(Boolean).join(" "));
}

// A time of day, with its weekday where that is another day's.
const moment = (iso, now) => `${day(iso) === day(now) ? "" : `${date(iso, { weekday: "short" })} `}${clock(iso).slice(0, 5)}`;

function current(s) {
  const known = isKnown(s);
  put("offered_a", known ? number(s.offered_a, 1) : NONE);
  put("drawn_a", known ? number(s.drawn_a, 1) : NONE);
  put("drawn_label", t(s.drawn_measured || !s.contactor_closed ? "drawn" : "drawn_estimate"));
  put("mains_v", `${number(s.mains_v)}${s.phases > 1 ? ` × ${s.phases}` : ""}`);
  put("current_text", remark(s));
  const supply_a = s.limits.find((limit) => limit.owner === "supply")?.max_a;
  const most = supply_a || FUSES_A.find((amperes) => amperes >= s.offered_a);
  const width = (amperes) => `${Math.min(100, Math.max(0, (100 * amperes) / most))}%`;
  byId("gauge_drawn").style.width = width(s.drawn_a);
  byId("gauge_offered").style.width = width(s.offered_a);
  byId("gauge_least").style.left = width(LEAST_A);
  byId("gauge_least_label").style.left = width(LEAST_A);
  byId("gauge_least_label").hidden = most < LEAST_A * 1.3;
  put("gauge_most", `${number(most)} A`);
}

// What the two figures mean where they differ.
function remark(s) {
  if (!s.drawn_measured || !s.contactor_closed || s.offered_a === 0) return "";
  if (s.drawn_a === 0) return t("takes_none");
  return s.offered_a - s.drawn_a > UNTAKEN_A ? t("takes_less", ampere(s.drawn_a), ampere(s.offered_a)) : "";
}

function ownerLabel(name) {
  const key = `owner_${name}`;
  const label = t(key);
  return label === key ? name : label;
}

function limits(s) {
  const known = isKnown(s);
  const content = known ? s.limits.map((limit) => {
    const lowest = limit.owner === s.limited_by;
    const repeated = lowest && s.reason.startsWith(limit.reason); // the headline has it
    return [limit.owner, ampere(limit.max_a), repeated ? "" : limit.reason,
      limit.left_s > 0 ? t("left", duration(limit.left_s)) : "", lowest];
  }) : [];
  list("limits", content, () => content.length ? content.map(([name, most, reason, left, lowest]) => {
    const head = make("p", "", make("b", "", ownerLabel(name)), make("span", "most", most));
    if (lowest) head.firstChild.after(make("em", "", t("limit_lowest")));
    const text = [reason, left].filter(Boolean).join(" · ");
    return make("li", lowest ? "lowest" : "", head, ...(text ? [make("p", "quiet", text)] : []));
  }) : [make("li", "quiet", t("limits_none"))]);
}

function energy(s) {
  put("day_kwh", kwh(s.day_wh));
  put("total_kwh", kwh(s.total_wh));
  share("day", s.day_wh, s.day_solar_wh);
}

function events(s) {
  const content = [...s.events].sort((a, b) => b.at.localeCompare(a.at)).slice(0, 8);
  list("events", content, () => content.length === 0 ? [make("li", "quiet", t("events_none"))]
    : content.map((event) => {
      const today = day(event.at) === day(s.at);
      const time = make("time", "", today ? clock(event.at) : `${day(event.at).slice(5)} ${clock(event.at).slice(0, 5)}`);
      time.dateTime = event.at;
      const text = event.level === "info" ? prose(event.text)
        : [make("strong", "", `${t(event.level)}: `), ...prose(event.text)];
      return make("li", event.level, time, make("span", "", ...text));
    }));
}

function centralSystem(ocpp) {
  const state = ocpp.connected ? t("ocpp_connected", ocpp.version) : t("ocpp_lost", ocpp.trouble);
  const waiting = ocpp.queued ? t("ocpp_queued", number(ocpp.queued)) : "";
  return [state, ocpp.profile, waiting].filter(Boolean).join(" · ");
}

const SET_WHEN = { unplugged: "set_unplugged", down: "set_down", auto: "set_auto" };

function more(s) {
  const volts = (value) => value === null ? NONE : `${number(value, 2)} V`;
  const content = [
    ["more_state", `${s.state} · ${s.evse_status}`],
    ["more_high_v", volts(s.high_v)],
    ["more_low_v", volts(s.low_v)],
    ["more_duty", `${number(100 * s.duty, 1)} %`],
    ["more_contactor", isKnown(s) ? t(s.contactor_closed ? "more_closed" : "more_open") : NONE],
    ["more_cycles", t("more_cycles_n", number(s.contactor_cycles))],
    ["more_mains", t("more_phases", number(s.mains_v), s.phases)],
    ["more_tick", `${number(s.tick.worst_ms, 1)} ms`],
    ["more_late", number(s.tick.late)],
    ["more_uptime", duration(s.uptime_s)],
    ["more_version", s.version],
  ];
  if (s.ocpp) content.unshift(["more_ocpp", centralSystem(s.ocpp)]);
  const set = s.phase_set;
  if (set) {
    content.unshift(
      ["more_phase_set", `${number(set.closes)} · ${set.why}`],
      ["more_set_when", [t(SET_WHEN[set.switching]), set.left_s && t("set_left", duration(set.left_s))].filter(Boolean).join(" · ")],
    );
    if (set.hazard) content.push(["more_hazard", set.hazard]);
  }
  // The demo is a part of its own name, its garage on the next port. A text browser shows `hidden`.
  byId("demo").hidden = !s.parts?.some((part) => part.name === "demo");
  byId("garage").textContent = `${t("demo")} ${t("demo_garage")}`;
  byId("garage").href = `${location.protocol}//${location.hostname}:${Number(location.port) + 1}/`;
  list("more", content, () => content.map(([key, value]) => make("div", "", make("dt", "", t(key)), make("dd", "", value))));
}
