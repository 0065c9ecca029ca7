// SPDX-License-Identifier: GPL-3.0-or-later
// The power flow, as far as the feed knows it: it reports spare power, never what the panels give or
// the house takes; BatteryMonitor's figure has the lack or surplus of the battery's charge in it, too. So the sun has an "at least", and the house no figure. The rest is the spare power
// less what the car takes now, because the feed's figure is older than the car's last change.

import { byId, list, prose, put } from "./dom.js";
import { NONE, age, t, watts } from "./i18n.js";

const EVEN_A = 0.1; // the step of the pilot: less is neither left over nor lent

export function flow(s) {
  const fixed = s.feed_kind === "fixed";
  const fresh = s.solar_w !== null; // null also where the last figure is too old to use
  const known = !fixed && fresh && s.excess_w !== null && s.available_w !== null;
  const unsure = s.state === "-"; // no board: nobody knows whether a car is there
  const car = s.state !== "A" && !unsure;
  const taking = s.contactor_closed && s.power_w > 0;
  const sun = known && s.available_w > 0;
  const rest_w = known ? even(s.available_w - (taking ? s.power_w : 0), s) : null;
  const lends = known && rest_w < 0;

  put("flow_sun", !known ? t("unknown") : sun ? t("at_least", watts(s.available_w)) : NONE);
  put("flow_car", unsure ? NONE : taking ? watts(s.power_w) : watts(0));
  put("flow_car_name", t(unsure ? "car_unknown" : car ? "car" : "no_car"));
  put("flow_battery", known ? watts(Math.abs(rest_w)) : t("unknown"));
  put("flow_battery_name", t(!known ? "battery" : lends ? "battery_lends" : "battery_spare"));
  mark("sun", !known);
  mark("battery", !known);
  mark("car", unsure);
  byId("flow").classList.toggle("empty", !car);

  run("wire_sun", sun ? 1 : 0, s.available_w);
  run("wire_car", taking ? 1 : 0, s.power_w);
  run("wire_battery", known ? Math.sign(Math.round(rest_w)) : 0, rest_w);
  byId("wire_car").classList.toggle("open", !s.contactor_closed);

  put("flow_text", sentence(s, rest_w, taking));
  feedLine(s, fixed, fresh);
}

function even(rest_w, s) {
  return Math.abs(rest_w) < EVEN_A * s.mains_v * s.phases ? 0 : rest_w;
}

function sentence(s, rest_w, taking) {
  const taken = watts(s.power_w);
  if (!taking) return rest_w === null ? t("flow_open_none") : t("flow_open", watts(Math.max(0, rest_w)));
  if (rest_w === null) return t("flow_none", taken);
  return rest_w < 0 ? t("flow_short", taken, watts(-rest_w)) : t("flow_spare", watts(s.available_w), taken, watts(rest_w));
}

// The source of these figures, their age, and what is wrong with them.
function feedLine(s, fixed, fresh) {
  const figure = s.excess_counts_charge ? t("feed_charge", watts(s.excess_w))
    : t(s.excess_w < 0 ? "feed_short" : "feed_spare", watts(Math.abs(s.excess_w)));
  const last = s.feed_age_s === null ? t("feed_none")
    : t(fresh ? "feed_from" : "feed_old", s.feed_kind, figure, age(s.feed_age_s));
  const trouble = !fixed && s.feed_error;
  const text = fixed ? t("feed_fixed") : [last, trouble && fresh ? t("feed_trouble") : ""].filter(Boolean).join(" ");
  byId("feed_cause").hidden = !trouble;
  list("feed_cause_text", trouble, () => prose(trouble || ""));
  put("feed_text", text);
  byId("feed_text").classList.toggle("warning", !fixed && (s.feed_error !== null || !fresh));
}

function mark(node, unknown) {
  byId("flow").querySelector(`.${node}`).classList.toggle("unknown", unknown);
}

// Dashes move along a wire: forwards, backwards or not, the faster the more flows.
function run(id, direction, power) {
  const wire = byId(id);
  wire.dataset.run = direction > 0 ? "on" : direction < 0 ? "back" : "off";
  const seconds = Math.min(3, Math.max(0.6, 2000 / Math.max(1, Math.abs(power ?? 0))));
  const pace = `${seconds.toFixed(1)}s`;
  if (wire.style.animationDuration !== pace) wire.style.animationDuration = pace;
}
