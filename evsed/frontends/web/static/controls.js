// SPDX-License-Identifier: GPL-3.0-or-later
// What the owner may tell the charging station. Every change goes out at once and alone; the
// answer, and every other browser's, comes back with the next status.

import { ask, order, whenever } from "./orders.js";
import { byId, put } from "./page.js";
import { number, say } from "./say.js";

const WAITS = ["acknowledge", "service"]; // faults that stay until somebody says so
const FIELDS = ["session_kwh", "session_h", "max_current_a", "window"];

const said = byId("controls_said");
const modes = [...document.querySelectorAll("#modes button")];

function tell(text, bad = false) {
  said.textContent = text;
  said.classList.toggle("warning", bad);
}

whenever((may) => {
  byId("wishes").disabled = !may.logged_in;
  byId("login").hidden = may.logged_in || !may.password_set;
  byId("logout").hidden = !may.logged_in;
  byId("no_password").hidden = may.password_set;
});

function show(s) {
  for (const button of modes) {
    button.setAttribute("aria-pressed", String(button.value === s.controls.mode));
  }
  const taken = s.override ? ` ${say("mode_taken")}` : "";
  put("mode_said", say(`mode_${s.controls.mode}_said`) + taken);
  for (const field of FIELDS) {
    const input = byId(`wish_${field}`);
    const value = s.controls[field];
    const text = value === null ? "" : String(value);
    // What somebody is typing is theirs until it is sent.
    if (input !== document.activeElement && input.dataset.kept !== text) input.value = text;
    input.dataset.kept = text;
  }
  const supply = s.limits.find((limit) => limit.owner === "supply");
  byId("wish_max_current_a").placeholder = supply ? number(supply.max_a) : "";
  byId("ack").hidden = !s.faults.some((fault) => WAITS.includes(fault.recovery));
}

for (const button of modes) {
  button.addEventListener("click", () => order("PATCH", "/api/v1/controls", { mode: button.value }, tell));
}

for (const field of FIELDS) {
  const input = byId(`wish_${field}`);
  input.addEventListener("change", async () => {
    const text = input.value.trim();
    if (!input.validity.valid && !text) { // not a number: the browser gives no text for it
      tell(say("controls_number"), true);
      return;
    }
    const value = text === "" ? null : input.type === "number" ? Number(text) : text;
    const done = await order("PATCH", "/api/v1/controls", { [field]: value }, tell);
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
byId("ack").addEventListener("click", () => order("POST", "/api/v1/ack", undefined, tell));
byId("logout").addEventListener("click", async () => {
  await order("DELETE", "/api/v1/login", undefined, tell);
  byId("password").focus();
});
byId("login").addEventListener("submit", async (event) => {
  event.preventDefault();
  const password = byId("password");
  const button = byId("login").querySelector("button");
  button.disabled = true;
  tell(say("login_wait"));
  const done = await order("POST", "/api/v1/login", { password: password.value }, tell);
  button.disabled = false;
  password.value = "";
  (done ? modes[0] : password).focus();
});

ask();

export const controls = { show };
