// SPDX-License-Identifier: GPL-3.0-or-later
// Tokens of programs: listed, created and revoked by the owner who is logged in.

import { report } from "./backup.js";
import { onAccess, order } from "./orders.js";
import { byId, make, read } from "./dom.js";
import { t } from "./i18n.js";

const TOKENS = "api/v1/tokens";
const made = byId("token_made");

async function list() {
  const tokens = (await read(TOKENS))?.tokens ?? [];
  byId("tokens").replaceChildren(...tokens.map(row));
}

function row(token) {
  const item = make("li", "", `${token.name} · ${t(token.scope === "read" ? "token_read" : "token_control")} `);
  const revoke = make("button", "plain", t("token_revoke"));
  revoke.type = "button";
  revoke.setAttribute("aria-label", `${t("token_revoke")} ${token.name}`);
  revoke.addEventListener("click", async () => {
    made.hidden = true;
    if (await order("DELETE", `${TOKENS}/${token.name}`, undefined, report)) list();
  });
  item.append(revoke);
  return item;
}

onAccess((access) => {
  byId("token_fields").disabled = !access.logged_in;
  if (access.logged_in) list();
  else byId("tokens").replaceChildren();
});

byId("token_create").addEventListener("submit", async (event) => {
  event.preventDefault();
  const name = byId("token_name").value.trim();
  const scope = byId("token_control").checked ? "control" : "read";
  const answer = await order("POST", TOKENS, { name, scope }, report);
  if (!answer) return;
  made.replaceChildren(t("token_made", name), " ", make("code", "", answer.reply.token));
  made.hidden = false;
  byId("token_name").value = "";
  list();
});
