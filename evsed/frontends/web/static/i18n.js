// SPDX-License-Identifier: GPL-3.0-or-later
// Numbers, times and sentences as people write them. The texts are in words.en.json.

import words from "./words.js";

export const NONE = "–";

// The address of the API *path* with the sentences in the language of the page.
export const api = (path) => words.lang === "en" ? path : `${path}${path.includes("?") ? "&" : "?"}lang=${words.lang}`;

const NUMBERS = [0, 1, 2, 3].map((digits) => new Intl.NumberFormat(words.locale, {
  minimumFractionDigits: digits, maximumFractionDigits: digits,
}));

export function t(key, ...values) {
  return values.reduce((text, value, n) => text.replace(`{${n}}`, value), words[key] ?? key);
}

export function number(value, digits = 0) {
  if (value === null || value === undefined) return NONE;
  return NUMBERS[digits].format(value).replace("-", "−");
}

export function ampere(value) {
  return value === null || value === undefined ? NONE : `${number(value, 1)} A`;
}

// Power in one rounding everywhere, the one of the reasons and of the classic line.
export function kilowatts(watts) {
  if (watts === null || watts === undefined) return NONE;
  return number(Math.round(watts / 100) / 10 + 0, 1);
}

export const watts = (value) => value === null || value === undefined ? NONE : `${kilowatts(value)} kW`;

export const kwh = (wh) => number(wh / 1000, wh < 100_000 ? 2 : 0);

// The solar part of *wh*, 0-100, or null where it is not known or there is no energy.
export function solarPercent(wh, solar_wh) {
  if (!wh || solar_wh === null || solar_wh === undefined) return null;
  return Math.round(100 * Math.min(1, Math.max(0, solar_wh / wh)));
}

const pad = (n) => String(n).padStart(2, "0");

export function duration(seconds) {
  const s = Math.max(0, Math.round(seconds));
  if (s < 60) return `${s} s`;
  if (s < 3600) return `${Math.floor(s / 60)} min ${pad(s % 60)} s`;
  if (s < 86_400) return `${Math.floor(s / 3600)} h ${pad(Math.floor(s / 60) % 60)} min`;
  return `${Math.floor(s / 86_400)} d ${Math.floor(s / 3600) % 24} h`;
}

// A time that is read at a glance.
export function minutes(seconds) {
  const s = Math.max(0, Math.round(seconds));
  if (s < 3600) return t("min", Math.floor(s / 60));
  return s < 86_400 ? t("h_min", Math.floor(s / 3600), pad(Math.floor(s / 60) % 60))
    : t("d_h", Math.floor(s / 86_400), Math.floor(s / 3600) % 24);
}

// An age, in one unit.
export function age(seconds) {
  const s = Math.max(0, Math.round(seconds));
  return s < 120 ? `${s} s` : s < 7200 ? `${Math.round(s / 60)} min` : `${Math.round(s / 3600)} h`;
}

// The charger's own wall clock, as it sent it: the phone may be in another zone.
export const clock = (iso) => iso.slice(11, 19);
export const day = (iso) => iso.slice(0, 10);

// A date of the charger's calendar, "2026-11-24", as people write it.
export function date(iso, format) {
  const at = new Date(`${iso.slice(0, 10).padEnd(7, "-01").padEnd(10, "-01")}T12:00:00Z`);
  return new Intl.DateTimeFormat(words.locale, { ...format, timeZone: "UTC" }).format(at);
}

export const wholeDay = (iso) => date(iso, { weekday: "short", day: "numeric", month: "long", year: "numeric" });

// The short name of a weekday, 0 is Monday.
export function dayName(n) {
  return new Intl.DateTimeFormat(words.locale, { weekday: "short", timeZone: "UTC" }).format(Date.UTC(2024, 0, 1 + n));
}
