// SPDX-License-Identifier: GPL-3.0-or-later
// The rows of the day's chart that are still to come, as the plan has them; fetched with a plan.

const SOON_MS = 36 * 3_600_000; // as far as a plan's prices count

export function future({ at, plan }) {
  const now = Date.parse(at);
  return plan.times.map(({ begin, end }) => [Math.max(now, Date.parse(begin)), Date.parse(end)])
    .filter(([begin, end]) => end > begin && begin < now + SOON_MS)
    .map(([begin, end]) => ({ at: begin / 1000, for_s: (end - begin) / 1000, offered_w: plan.power_w, state: "plan" }));
}
