// SPDX-License-Identifier: GPL-3.0-or-later
// Taking a copy of what is kept, and deleting what is old: for whoever may give orders.

import { order, whenever } from "./orders.js";
import { byId, make } from "./page.js";
import { say, wholeDay } from "./say.js";

const said = byId("keep_said");
const sure = byId("sure");
let changed = () => {};
let date = "";

function tell(text, bad = false) {
  said.textContent = text;
  said.classList.toggle("warning", bad);
}

whenever((may) => {
  byId("keeping").disabled = !may.logged_in;
  byId("keep_log_in").hidden = may.logged_in;
});

byId("backup").addEventListener("click", async () => {
  tell(say("backup_wait"));
  const answer = await order("POST", "/api/v1/backup", undefined, tell);
  if (!answer) return;
  const place = URL.createObjectURL(await answer.blob());
  const link = make("a", "");
  link.href = place;
  link.download = `evsed-${date}.db`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(place), 60_000);
  tell(say("backup_done"));
});

byId("forget").addEventListener("submit", (event) => {
  event.preventDefault();
  const before = byId("forget_before").value;
  byId("sure_said").textContent = say("sure", wholeDay(before));
  sure.returnValue = "";
  sure.showModal();
});

sure.addEventListener("close", async () => {
  if (sure.returnValue !== "yes") return;
  const before = byId("forget_before").value;
  if (await order("DELETE", `/api/v1/history?before=${before}`, undefined, tell)) changed();
});

export const keeping = {
  today(now) {
    date = now;
    byId("forget_before").max = now;
  },
  whenChanged(call) {
    changed = call;
  },
};
