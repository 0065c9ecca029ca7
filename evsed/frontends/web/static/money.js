// SPDX-License-Identifier: GPL-3.0-or-later
// The price of now, where prices are set; fetched only then.

import { make, setText } from "./dom.js";

const line = make("p", "quiet");
document.querySelector(".card.energy").append(line);

export const update = (s) => setText(line, s.prices?.text ?? "");
