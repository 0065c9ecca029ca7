// SPDX-License-Identifier: GPL-3.0-or-later
// Setting up, step by step, with the same settings and orders as the rest of the page.

import { byId, make, read } from "./dom.js";
import { duration, number } from "./i18n.js";
import { loadAccess, order } from "./orders.js";
import { st } from "./settings_fields.js";

const STEPS = ["password", "supply", "board", "feed", "home"];
const LOOK_EVERY_MS = 2000;

let state = { access: null, view: null, save: null };
let step = "";
let timer = 0;

export function showGuide(now) {
  state = { ...state, ...now };
  byId("guide").hidden = false;
  go(state.access.password_set ? step || "supply" : "password");
  byId("guide").scrollIntoView?.();
}

export function updateGuide(now) {
  const before = state;
  state = { ...state, ...now };
  if (byId("guide").hidden) return;
  if (step === "password" && state.view && !before.access?.logged_in && state.access.logged_in) go("supply");
  steps();
}

const valueOf = (key) => state.view?.settings.find((each) => each.key === key)?.value ?? null;
// evsed.toml as installed has every setting, so what counts is another value than the default.
const touched = (key) => {
  const each = state.view?.settings.find((setting) => setting.key === key);
  return each !== undefined && (each.origin === "page" || each.value !== each.default);
};

const done = {
  password: () => state.access.password_set,
  supply: () => touched("supply.max_current_a"),
  board: () => board.good,
  feed: () => touched("feed.url") || touched("feed.kind") || touched("feed.preset"),
  home: () => touched("mqtt.broker") || touched("openevse.enabled"),
};
const board = { good: false };

function steps() {
  byId("steps").replaceChildren(...STEPS.map((name) => {
    const button = make("button", "", st(`step_${name}`), " ", make("span", "quiet", st(done[name]() ? "step_done" : "step_todo")));
    button.type = "button";
    if (name === step) button.setAttribute("aria-current", "step");
    button.disabled = name !== "password" && !state.access.logged_in;
    button.addEventListener("click", () => go(name));
    return make("li", done[name]() ? "done" : "", button);
  }));
}

function go(name) {
  step = name;
  clearInterval(timer);
  const card = make("section", "card", make("h2", "", st(`step_${name}`)));
  card.setAttribute("aria-label", st(`step_${name}`));
  ({ password, supply, board: boardStep, feed, home })[name](card);
  const next = STEPS[STEPS.indexOf(name) + 1];
  if (state.access.logged_in) {
    const on = make("button", "plain", st(next ? "step_next" : "step_end"));
    on.type = "button";
    on.addEventListener("click", () => next ? go(next) : location.assign("./"));
    card.append(on);
  }
  byId("step").replaceChildren(card);
  steps();
}

// --- parts ------------------------------------------------------------------------------------

function input(label, value, type = "text", more = {}) {
  const element = Object.assign(make("input"), { type, value: value ?? "", ...more });
  if (type === "number") element.step = "any";
  return [make("label", "", label, " ", element), element];
}

function select(label, value, options) {
  const element = make("select", "", ...options.map(([key, text]) => Object.assign(make("option", "", text), { value: key })));
  element.value = value;
  return [make("label", "", label, " ", element), element];
}

function tick(label, value) {
  const element = Object.assign(make("input"), { type: "checkbox", checked: Boolean(value) });
  return [make("label", "tick", element, " ", label), element];
}

const outcome = () => {
  const line = make("p", "quiet");
  line.setAttribute("role", "status");
  return [line, (text, bad = false) => {
    line.textContent = text;
    line.classList.toggle("warning", bad);
  }];
};

function form(card, text, parts, button, onSubmit) {
  const [line, report] = outcome();
  const element = make("form", "steps_form", ...parts, make("button", "go", button));
  element.addEventListener("submit", async (event) => {
    event.preventDefault();
    const press = element.querySelector("button.go");
    press.disabled = true;
    await onSubmit(report);
    press.disabled = false;
  });
  card.append(make("p", "", text), element, line);
}

// --- the steps --------------------------------------------------------------------------------

function password(card) {
  if (state.access.password_set) {
    card.append(make("p", "", st("password_done")));
    return;
  }
  if (!state.access.setup_s) {
    card.append(make("p", "warning", st("password_late")));
    return;
  }
  const name = Object.assign(make("input", "unseen"), { type: "text", name: "username", autocomplete: "username", value: "evsed", tabIndex: -1 });
  name.setAttribute("aria-hidden", "true");
  const [label, field] = input(st("password_new"), "", "password", { autocomplete: "new-password", minLength: 8, required: true });
  form(card, st("password_text", duration(state.access.setup_s)), [name, label], st("s_set"), async (report) => {
    if (await order("POST", "api/v1/password", { password: field.value }, report)) await loadAccess();
  });
}

function supply(card) {
  const [volts, mains_v] = input(st("supply_mains_v"), valueOf("supply.mains_v"), "number", { min: 100, max: 277, required: true });
  const [count, phases] = select(st("supply_phases"), String(valueOf("supply.phases")), [["1", "1"], ["2", "2"], ["3", "3"]]);
  const [breaker, max] = input(st("supply_max_current_a"), valueOf("supply.max_current_a"), "number", { min: 6, max: 80, required: true });
  const [fuse, main] = input(st("supply_main_fuse_a"), valueOf("supply.main_fuse_a"), "number", { min: 10, max: 400 });
  const [again, secret] = input(st("s_again"), "", "password", { autocomplete: "current-password", required: true });
  form(card, st("supply_text"), [volts, count, breaker, fuse, again], st("supply_save"), async (report) => {
    const changes = {
      "supply.mains_v": Number(mains_v.value), "supply.phases": Number(phases.value),
      "supply.max_current_a": Number(max.value),
    };
    if (main.value) changes["supply.main_fuse_a"] = Number(main.value);
    if (await state.save(changes, secret.value, report)) secret.value = "";
  });
}

function boardStep(card) {
  const body = make("tbody");
  const head = make("thead", "", make("tr", "", ...["board_what", "board_is", "board_should"].map((key) => {
    const cell = make("th", "", st(key));
    cell.scope = "col";
    return cell;
  })));
  card.append(make("p", "", st("board_text")), make("table", "readings", head, body), make("p", "quiet", st("board_help")));
  const look = async () => {
    const s = await read("api/v1/status");
    if (!s) return;
    const rows = readings(s);
    board.good = rows.every((each) => each.good);
    body.replaceChildren(...rows.map(({ what, is, want, good }) => {
      const cell = make("td", good ? "good" : "warning", `${good ? "✓" : "✗"} ${is}`);
      cell.setAttribute("aria-label", `${is}, ${st(good ? "board_good" : "board_bad")}`);
      return make("tr", "", make("td", "", what), cell, make("td", "quiet", want));
    }));
    steps();
  };
  look();
  timer = setInterval(look, LOOK_EVERY_MS);
}

function readings(s) {
  const high = s.high_v;
  const rows = [
    { what: st("board_ok"), is: st(s.board_ok ? "board_yes" : "board_no"), want: st("board_yes"), good: s.board_ok },
    { what: st("board_high"), is: high === null ? "–" : `${number(high, 2)} V`, want: st("board_high_want"), good: high !== null && high >= 11.4 && high <= 12.6 },
    { what: st("board_contactor"), is: st(s.contactor_closed ? "board_closed" : "board_open"), want: st("board_open"), good: !s.contactor_closed },
    { what: st("board_ticks"), is: `${number(s.tick.worst_ms)} ms`, want: st("board_ticks_want"), good: s.tick.worst_ms < 30 },
    { what: st("board_faults"), is: s.faults.map((fault) => fault.name).join(", ") || st("board_none"), want: st("board_none"), good: !s.faults.length },
  ];
  if (s.drawn_measured) rows.push({ what: st("board_current"), is: `${number(s.drawn_a, 1)} A`, want: st("board_current_want"), good: s.drawn_a < 1 });
  return rows;
}

function feed(card) {
  const devices = state.view.presets.filter((each) => each.feeds);
  const kind = valueOf("feed.kind");
  const preset = valueOf("feed.preset");
  const [device, choice] = select(st("feed_preset"), preset ? `preset:${preset}` : kind, [
    ["batterymonitor", st("feed_battery")], ["fixed", st("feed_fixed")],
    ...(preset || ["batterymonitor", "fixed"].includes(kind) ? [] : [[kind, kind]]),
    ...devices.map((each) => [`preset:${each.name}`, each.title]),
  ]);
  const [address, url] = input(st("feed_url"), valueOf("feed.url"), "text", { autocapitalize: "none", spellcheck: false });
  const [called, id] = input(st("feed_id"), valueOf("feed.id"), "text", { autocapitalize: "none" });
  const [fixed, current] = input(st("feed_current_a"), valueOf("feed.current_a"), "number", { min: 6, max: 80 });
  const lines = make("pre", "lines");
  lines.tabIndex = 0;
  lines.setAttribute("aria-label", st("feed_try"));
  lines.hidden = true;
  const test = make("button", "", st("feed_try"));
  test.type = "button";
  const show = () => {
    fixed.hidden = choice.value !== "fixed";
    address.hidden = choice.value === "fixed";
    called.hidden = !choice.value.startsWith("preset:");
  };
  const wanted = () => {
    const named = choice.value.startsWith("preset:") ? choice.value.slice(7) : "";
    const found = devices.find((each) => each.name === named);
    const changes = { "feed.kind": found ? found.kind : choice.value };
    if (changes["feed.kind"] === "fixed") return { ...changes, "feed.preset": "", "feed.id": "", "feed.current_a": Number(current.value) };
    changes["feed.preset"] = named;
    changes["feed.id"] = named ? id.value.trim() : "";
    changes["feed.url"] = url.value.trim();
    if (found) Object.assign(changes, { "feed.semantics": "battery_power", "feed.period_s": 30, "feed.window_s": 0 });
    return changes;
  };
  choice.addEventListener("change", show);
  show();
  form(card, st("feed_text"), [device, address, called, fixed, make("span", "row", test), lines], st("feed_save"),
    (report) => state.save(wanted(), "", report));
  test.addEventListener("click", async () => {
    test.disabled = true;
    lines.hidden = false;
    lines.textContent = st("feed_trying");
    let text = "";
    const answer = await order("POST", "api/v1/settings/check-feed", { changes: wanted() }, (said) => { text = said; });
    const reply = answer?.reply;
    lines.textContent = reply ? [...reply.lines, "", st(reply.good ? "feed_good" : "feed_bad")].join("\n") : text;
    test.disabled = false;
  });
}

function home(card) {
  const [address, broker] = input(st("home_broker"), valueOf("mqtt.broker"), "text", { autocapitalize: "none", spellcheck: false });
  const [take, orders] = tick(st("home_orders"), valueOf("mqtt.orders"));
  const [speak, openevse] = tick(st("home_openevse"), valueOf("openevse.enabled"));
  form(card, st("home_text"), [address, take, speak], st("home_save"), (report) => state.save({
    "mqtt.broker": broker.value.trim(), "mqtt.orders": orders.checked, "openevse.enabled": openevse.checked,
  }, "", report));
}
