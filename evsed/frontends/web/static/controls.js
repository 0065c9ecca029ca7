// SPDX-License-Identifier: GPL-3.0-or-later
// The owner's controls. Every change is sent at once and alone; its effect, and that of every other
// browser's changes, comes with the next status.

import { loadAccess, onAccess, order } from "./orders.js";
import { byId, put } from "./dom.js";
import { number, t } from "./i18n.js";
import { windowPicker } from "./window.js";

const WAITS = ["acknowledge", "service"]; // faults that stay until they are acknowledged
// Most cars ask within seconds; EVerest, too, takes a car for asleep after this time.
const ASLEEP_MS = 30_000;
const FIELDS = ["session_kwh", "session_h", "max_current_a"];

let plan = "";
let planEditor;

const modes = [...document.querySelectorAll("#modes button")];

const into = (element) => (text, bad = false) => {
  element.textContent = text;
  element.classList.toggle("warning", bad);
};
const report = into(byId("controls_message"));
const reportMode = into(byId("mode_message"));

onAccess((access) => {
  for (const fields of document.querySelectorAll("fieldset.orders")) fields.disabled = !access.logged_in;
  byId("log_in_first").hidden = access.logged_in || !access.password_set;
  byId("login").hidden = access.logged_in || !access.password_set;
  byId("logout").hidden = !access.logged_in;
  byId("no_password").hidden = access.password_set;
});

let untakenSince = null; // since when the car is seen to leave an offer untaken

function update(s) {
  for (const button of modes) {
    button.setAttribute("aria-pressed", String(button.value === s.controls.mode));
  }
  put("mode_help", [t(`mode_${s.controls.mode}_help`), ...s.claims.map(describe), s.plan?.text].join(" "));
  for (const field of FIELDS) {
    const input = byId(`control_${field}`);
    const value = s.controls[field];
    const text = value === null ? "" : String(value);
    // A value that is being typed is not replaced before it is sent.
    if (input !== document.activeElement && input.dataset.kept !== text) input.value = text;
    input.dataset.kept = text;
  }
  windowPicker.show(s.controls.window ?? "");
  plan = s.controls.plan ?? "";
  put("plan_now", plan);
  planEditor?.show(plan);
  const supply = s.limits.find((limit) => limit.owner === "supply");
  byId("control_max_current_a").placeholder = supply ? number(supply.max_a) : "";
  if (supply) byId("control_max_current_a").max = supply.max_a;
  byId("ack").hidden = !s.faults.some((fault) => WAITS.includes(fault.recovery));
  if (s.state !== "B2") untakenSince = null;
  else untakenSince ??= Date.parse(s.at);
  byId("wake").hidden = untakenSince === null || Date.parse(s.at) - untakenSince < ASLEEP_MS;
}

// The claim of another program, which stands beside the owner's mode.
function describe(claim) {
  const parts = [
    claim.charging === null ? "" : t(claim.charging ? "claim_charge" : "claim_stop"),
    claim.max_current_a === null ? "" : t("claim_most", number(claim.max_current_a)),
    claim.only_sun ? t("claim_sun") : "",
    claim.until_unplugged ? t("claim_until_unplugged") : "",
  ].filter(Boolean);
  return t("claim", t(`owner_${claim.program}`), parts.join(", "));
}

windowPicker.onChange((window) => order("PATCH", "api/v1/controls", { window }, report));

// The editor of the plan is fetched when it is opened.
byId("control_plan").addEventListener("toggle", async () => {
  planEditor ??= await import("./plan.js");
  planEditor.open(plan, (text) => order("PATCH", "api/v1/controls", { plan: text }, report));
});

for (const button of modes) {
  button.addEventListener("click", () => order("PATCH", "api/v1/controls", { mode: button.value }, reportMode));
}

for (const field of FIELDS) {
  const input = byId(`control_${field}`);
  input.addEventListener("change", async () => {
    const text = input.value.trim();
    if (!input.validity.valid && !text) { // not a number: the browser gives no text for it
      report(t("controls_number"), true);
      return;
    }
    const value = text === "" ? null : Number(text);
    const done = await order("PATCH", "api/v1/controls", { [field]: value }, report);
    input.setAttribute("aria-invalid", String(!done));
  });
  input.addEventListener("keydown", (event) => {
    if (event.key === "Escape") {
      input.value = input.dataset.kept ?? "";
      input.removeAttribute("aria-invalid");
    }
  });
}

byId("controls").addEventListener("submit", (event) => event.preventDefault()); // Enter: "change" has sent it
for (const id of ["ack", "wake"])
  byId(id).addEventListener("click", () => order("POST", `api/v1/${id}`, undefined, reportMode));
byId("logout").addEventListener("click", async () => {
  await order("DELETE", "api/v1/login", undefined, report);
  byId("password").focus();
});
byId("login").addEventListener("submit", async (event) => {
  event.preventDefault();
  const password = byId("password");
  const button = byId("login").querySelector("button");
  button.disabled = true;
  report(t("login_wait"));
  const done = await order("POST", "api/v1/login", { password: password.value }, report);
  button.disabled = false;
  password.value = "";
  (done ? modes[0] : password).focus();
});

loadAccess();

export const controls = { update };
