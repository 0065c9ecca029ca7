// SPDX-License-Identifier: GPL-3.0-or-later
// The settings: every one of them, from what the charger says of itself. Nothing is listed here.

import { byId, make, prose, read } from "./dom.js";
import { showGuide, updateGuide } from "./guide.js";
import { duration } from "./i18n.js";
import { loadAccess, onAccess, order } from "./orders.js";
import { field, idOf, st, written } from "./settings_fields.js";
import "./language.js";
import "./theme.js";

const SETTINGS = "api/v1/settings";
const BACK_WITHIN_MS = 90_000;

let view = null; // what the charger has said last
let access = null;
const changes = new Map(); // what is typed and not saved

const message = (text, bad = false) => {
  const toast = byId("message");
  toast.textContent = text;
  toast.classList.toggle("warning", bad);
  toast.hidden = !text;
};

// --- reading ----------------------------------------------------------------------------------

async function load() {
  view = await read(SETTINGS);
  if (view) render();
  const found = await read("api/v1/update");
  if (!found) return;
  const kind = found.newer ? "version_newer" : found.installed ? "version" : "version_plain";
  byId("version").textContent = st(kind, found.version, found.candidate);
}

onAccess(async (now) => {
  const before = access;
  access = now;
  if (before && before.logged_in === now.logged_in && before.password_set === now.password_set) return;
  byId("way_in").hidden = now.logged_in || !now.password_set;
  byId("all").hidden = !now.logged_in;
  if (!now.password_set) openGuide();
  if (now.logged_in) await load();
  if (now.logged_in && view && location.hash === "#guide") openGuide();
  updateGuide({ access, view });
});

const openGuide = () => showGuide({ access, view, save });
byId("guide_open").addEventListener("click", openGuide);

// --- showing ----------------------------------------------------------------------------------

function renderState() {
  const lines = [];
  if (view.waiting.length) lines.push(st("waiting", view.waiting.join(", ")));
  else if (!view.trial) lines.push(st("in_effect"));
  if (view.trial) lines.push(st("trial"));
  lines.push(view.raise_s ? st("raise", duration(view.raise_s)) : st("no_raise"));
  lines.push(...view.hints.map((hint) => st("hint", hint)));
  byId("state").replaceChildren(...lines.map((line) => make("li", "", line)));
  byId("apply").hidden = !view.waiting.length;
  byId("undo").hidden = !view.undo.length;
}

function render() {
  renderState();
  const open = new Set([...document.querySelectorAll("#sections details[open]")].map((each) => each.id));
  byId("sections").replaceChildren(...view.sections.map((section) => card(section, open)));
  filter();
  updateGuide({ access, view });
}

function card(section, open) {
  const settings = view.settings.filter((each) => each.key.slice(0, each.key.lastIndexOf(".")) === section.name);
  const details = make("details", "card section",
    make("summary", "", make("h2", "", section.name)),
    make("p", "quiet", ...prose(section.comment)),
    ...settings.map(row),
    ...(section.name === "notify" ? trial() : []));
  details.id = `section_${section.name.replaceAll(".", "__")}`;
  details.open = open.has(details.id);
  return details;
}

// A message to each address of [notify] that is kept.
function trial() {
  const button = make("button", "", st("notify_try"));
  button.type = "button";
  const lines = make("pre", "lines");
  lines.tabIndex = 0;
  lines.setAttribute("aria-label", st("notify_try"));
  lines.hidden = true;
  button.addEventListener("click", async () => {
    button.disabled = true;
    lines.hidden = false;
    lines.textContent = st("notify_trying");
    let text = "";
    const answer = await order("POST", `${SETTINGS}/try-notify`, undefined, (said) => { text = said; });
    lines.textContent = answer ? answer.reply.lines.join("\n") : text;
    button.disabled = false;
  });
  return [make("p", "quiet", st("notify_help")), button, lines];
}

function row(setting) {
  const name = setting.key.slice(setting.key.lastIndexOf(".") + 1);
  const label = make("label", "", make("code", "", name));
  label.htmlFor = idOf(setting.key);
  const input = field(setting, (value) => edit(setting, value, input));
  const help = make("p", "quiet help", ...prose(setting.comment));
  help.id = `${input.id}_help`;
  input.setAttribute("aria-describedby", help.id);
  const facts = [st("from", st(`origin_${setting.origin}`)), setting.allowed, st("default_is", written(setting, setting.default))];
  facts.push(st(`applies_${setting.applies}`));
  if (setting.guard === "box") facts.push(st(setting.safer_lower ? "guard_box_lower" : "guard_box"));
  if (setting.guard === "password") facts.push(st("guard_password"));
  if (setting.locked) facts.push(setting.locked);
  const more = make("p", "quiet facts", facts.filter(Boolean).join(" · "));
  if (!setting.in_effect) more.append(" ", make("strong", "warning", st("waits")));
  if (setting.origin === "page" && !setting.locked) {
    const back = make("button", "plain", st("take_back"));
    back.type = "button";
    back.setAttribute("aria-label", `${st("take_back")} ${setting.key}`);
    back.addEventListener("click", () => {
      changes.set(setting.key, null);
      showBar();
    });
    more.append(" ", back);
  }
  const error = make("p", "warning");
  error.id = `${input.id}_error`;
  error.hidden = true;
  const unit = setting.unit ? [make("span", "unit", setting.unit)] : [];
  const element = make("div", "setting", label, make("span", "row", input, ...unit), help, more, error);
  element.dataset.words = `${setting.key} ${setting.comment}`.toLowerCase();
  element.dataset.origin = setting.origin;
  return element;
}

function edit(setting, value, input) {
  const wrong = value instanceof Error;
  invalid(setting.key, wrong ? value.message : "");
  if (wrong) changes.delete(setting.key);
  else if (JSON.stringify(value) === JSON.stringify(setting.value)) changes.delete(setting.key);
  else changes.set(setting.key, value);
  input.closest(".setting").classList.toggle("changed", changes.has(setting.key));
  showBar();
}

function invalid(key, text) {
  const input = byId(idOf(key));
  const error = byId(`${idOf(key)}_error`);
  if (!input) return;
  error.textContent = text;
  error.hidden = !text;
  if (text) input.setAttribute("aria-invalid", "true");
  else input.removeAttribute("aria-invalid");
  if (text) input.closest("details").open = true;
}

function filter() {
  const wanted = byId("find").value.trim().toLowerCase();
  for (const section of document.querySelectorAll("#sections .section")) {
    let any = false;
    for (const each of section.querySelectorAll(".setting")) {
      each.hidden = Boolean(wanted) && !each.dataset.words.includes(wanted);
      any ||= !each.hidden;
    }
    section.hidden = !any;
    if (wanted) section.open = any;
  }
}
byId("find").addEventListener("input", filter);

// --- changing ---------------------------------------------------------------------------------

const guarded = (keys) => keys.some((key) => view.settings.find((each) => each.key === key)?.guard);

function showBar() {
  const count = changes.size;
  byId("bar").hidden = !count;
  byId("bar_text").textContent = count === 1 ? st("changes_1") : st("changes", count);
  byId("bar_password_label").hidden = !guarded([...changes.keys()]);
  byId("bar_password").required = !byId("bar_password_label").hidden;
}

byId("discard").addEventListener("click", () => {
  changes.clear();
  showBar();
  render();
});

byId("bar").addEventListener("submit", async (event) => {
  event.preventDefault();
  if (await save(Object.fromEntries(changes), byId("bar_password").value)) {
    changes.clear();
    showBar();
  }
  byId("bar_password").value = "";
});

// Saves *wanted*; returns true where it was accepted. *report* gets the outcome in words.
async function save(wanted, password = "", report = message) {
  for (const key of Object.keys(wanted)) invalid(key, "");
  let refusal = null;
  const answer = await order("PATCH", SETTINGS, { changes: wanted, password }, report, (reply) => { refusal = reply; });
  for (const each of refusal?.errors ?? []) {
    const key = decodeURIComponent((each.pointer ?? "").replace("#/", ""));
    if (key in wanted) invalid(key, each.detail);
  }
  if (answer) await settled(answer.reply, report);
  return Boolean(answer);
}

// Shows what holds, waits for evsed where it begins again, and for the end of a trial.
async function settled(reply, report) {
  view = reply;
  render();
  if (view.waiting.length) await begunAgain(report);
  while (view.trial) {
    await new Promise((done) => setTimeout(done, 2000));
    view = await read(SETTINGS) ?? view;
    if (!view.trial) render(); // it may have fallen back
  }
}

async function begunAgain(report) {
  const until = Date.now() + BACK_WITHIN_MS;
  let gone = false;
  while (Date.now() < until) {
    await new Promise((done) => setTimeout(done, 700));
    const now = await read(SETTINGS);
    gone ||= !now;
    if (!now) {
      report(st("restarting"));
    } else {
      view = now;
      if (!view.waiting.length) break;
      const status = await read("api/v1/status");
      if (status?.contactor_closed && !gone) break; // it waits for the end of the charge
    }
  }
  render();
  report(view.waiting.length ? st("waiting", view.waiting.join(", ")) : st("back"));
  await loadAccess();
}

byId("undo").addEventListener("click", async () => {
  let password = "";
  if (guarded(view.undo)) {
    password = await ask(st("undo_asks", view.undo.join(", ")));
    if (password === null) return;
  }
  const answer = await order("POST", `${SETTINGS}/undo`, { password }, message);
  if (answer) await settled(answer.reply, message);
});

byId("apply").addEventListener("click", async () => {
  const answer = await order("POST", `${SETTINGS}/apply`, undefined, message);
  if (answer) await settled(view, message);
});

// Asks for the password in a dialog; null where the owner leaves it.
function ask(text) {
  const dialog = make("dialog", "", make("p", "", text));
  dialog.setAttribute("aria-label", st("s_again"));
  const input = make("input");
  input.type = "password";
  input.autocomplete = "current-password";
  input.setAttribute("aria-label", st("s_again"));
  const go = make("button", "go", st("s_undo"));
  const no = make("button", "", st("s_discard"));
  no.type = "button";
  const form = make("form", "", input, make("span", "row", go, no));
  dialog.append(form);
  document.body.append(dialog);
  dialog.showModal();
  return new Promise((done) => {
    const end = (value) => { dialog.remove(); done(value); };
    no.addEventListener("click", () => end(null));
    dialog.addEventListener("cancel", () => end(null));
    form.addEventListener("submit", (event) => { event.preventDefault(); end(input.value); });
  });
}

// --- logging in -------------------------------------------------------------------------------

const into = (id) => (text, bad = false) => {
  byId(id).textContent = text;
  byId(id).classList.toggle("warning", bad);
};

byId("login").addEventListener("submit", async (event) => {
  event.preventDefault();
  await order("POST", "api/v1/login", { password: byId("password").value }, into("login_message"));
  byId("password").value = "";
});

byId("new_password").addEventListener("submit", async (event) => {
  event.preventDefault();
  const body = { password: byId("new").value, old: byId("old").value };
  await order("POST", "api/v1/password", body, into("new_message"));
  byId("new").value = byId("old").value = "";
});

document.addEventListener("keydown", (event) => event.key === "Escape" && message(""));
loadAccess();

byId("insecure").hidden = isSecureContext;
