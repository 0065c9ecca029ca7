// SPDX-License-Identifier: GPL-3.0-or-later
// Prices, costs and savings; fetched where prices are set, and with the history.

import { make, setText } from "./dom.js";
import words from "./money_words.js";

const line = make("p", "quiet");
let currency = "";

const fill = (key, ...values) => values.reduce((text, value, n) => text.replace(`{${n}}`, value), words[key]);
const digits = new Intl.NumberFormat(words.locale, { minimumFractionDigits: 2, maximumFractionDigits: 2 });
const amount = (value) => `${digits.format(value).replace("-", "−")} ${currency}`.trim();

// ", 2.31 EUR, 0.80 EUR saved", to be put behind an energy; "" where no price was known.
export function amounts(cost, savings) {
  if (cost === null || cost === undefined) return "";
  return fill("amounts", amount(cost), amount(savings));
}

export function update(s) {
  currency = s.prices?.currency ?? "";
  if (!line.isConnected) document.querySelector(".card.energy").append(line);
  const { session } = s;
  const sums = [
    [session.active ? "charge" : "last", amounts(session.cost, session.savings)], ["today", amounts(s.day_cost, s.day_savings)],
  ].filter(([, text]) => text).map(([key, text]) => fill(key, text.slice(2)));
  setText(line, [s.prices ? `${s.prices.text}.` : "", sums.length ? `${sums.join("; ")}.` : ""].join(" "));
}
