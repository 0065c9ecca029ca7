// SPDX-License-Identifier: GPL-3.0-or-later
// Backup of the store, and deleting old history; both need a login.

import { onAccess, order } from "./orders.js";
import { byId, make } from "./dom.js";
import { t, wholeDay } from "./i18n.js";

const message = byId("backup_message");
const sure = byId("sure");
let changed = () => {};
let date = "";

export function report(text, bad = false) {
  message.textContent = text;
  message.classList.toggle("warning", bad);
}

onAccess((access) => {
  byId("backup_fields").disabled = !access.logged_in;
  byId("backup_log_in").hidden = access.logged_in;
});

byId("backup").addEventListener("click", async () => {
  report(t("backup_wait"));
  const answer = await order("POST", "api/v1/backup", undefined, report);
  if (!answer) return;
  const address = URL.createObjectURL(await answer.blob());
  const link = make("a", "");
  link.href = address;
  link.download = `evsed-${date}.db`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(address), 60_000);
  report(t("backup_done"));
});

byId("restore").addEventListener("change", async () => {
  const [file] = byId("restore").files;
  if (!file) return;
  report(t("restore_wait"));
  await order("POST", "api/v1/restore", file, report);
  byId("restore").value = "";
});

byId("restore_undo").addEventListener("click", () => order("POST", "api/v1/restore/undo", undefined, report));

byId("forget").addEventListener("submit", (event) => {
  event.preventDefault();
  const before = byId("forget_before").value;
  byId("sure_text").textContent = t("sure", wholeDay(before));
  sure.returnValue = "";
  sure.showModal();
});

sure.addEventListener("close", async () => {
  if (sure.returnValue !== "yes") return;
  const before = byId("forget_before").value;
  if (await order("DELETE", `api/v1/history?before=${before}`, undefined, report)) changed();
});

export const backup = {
  setToday(today) {
    date = today;
    byId("forget_before").max = today;
  },
  onDeleted(listener) {
    changed = listener;
  },
};
