// SPDX-License-Identifier: GPL-3.0-or-later
// A field for each kind of setting: how its value is shown, and read back.

import { make } from "./dom.js";
import own from "./settings_words.js";

export const st = (key, ...values) => values.reduce((text, value, n) => text.replace(`{${n}}`, value), own[key] ?? key);

export const idOf = (key) => `set_${key.replaceAll(".", "__")}`;

const asText = (setting, value) => {
  if (value === null || value === undefined) return "";
  if (setting.kind === "list") return value.some((part) => String(part).includes(",")) ? JSON.stringify(value) : value.join(", ");
  if (setting.kind === "table") return JSON.stringify(value);
  return String(value);
};

export const written = (setting, value) => value === null || value.length === 0 && value !== "" ? st("absent")
  : value === "" ? "“”" : asText(setting, value);

// Builds the input of *setting*; *onChange* gets its new value, or an Error.
export function field(setting, onChange) {
  const { kind, value } = setting;
  let input;
  if (kind === "switch") {
    input = make("input");
    input.type = "checkbox";
    input.checked = value;
  } else if (kind === "choice") {
    input = make("select", "", ...setting.choices.map((choice) => {
      const option = make("option", "", choice === "" ? "–" : String(choice));
      option.value = String(choice);
      return option;
    }));
    input.value = String(value);
  } else {
    input = make("input");
    const time = kind === "text" && /^\d\d:\d\d$/.test(setting.default);
    input.type = kind === "decimal" || kind === "whole" ? "number" : time ? "time" : "text";
    if (input.type === "number") {
      input.inputMode = "decimal";
      input.step = kind === "whole" ? "1" : "any";
      if (setting.minimum !== null) input.min = setting.minimum;
      if (setting.maximum !== null) input.max = setting.maximum;
      input.placeholder = setting.optional ? st("absent") : "";
    } else {
      input.autocapitalize = "none";
      input.spellcheck = false;
    }
    input.value = asText(setting, value);
  }
  input.id = idOf(setting.key);
  input.disabled = Boolean(setting.locked);
  const event = kind === "switch" || kind === "choice" ? "change" : "input";
  input.addEventListener(event, () => onChange(read(setting, input)));
  return input;
}

// The value that stands in *input*; an Error where it is none of its kind.
function read(setting, input) {
  const text = input.value.trim();
  const wrong = () => new Error(setting.allowed);
  if (setting.kind === "switch") return input.checked;
  if (setting.kind === "choice") return setting.choices.find((choice) => String(choice) === text);
  if (setting.kind === "decimal" || setting.kind === "whole") {
    if (!text) return setting.optional && input.validity.valid ? null : wrong();
    return Number.isFinite(Number(text)) ? Number(text) : wrong();
  }
  if (setting.kind === "list") {
    if (text.startsWith("[")) { // as in evsed.toml, where a part may have a comma
      try {
        return JSON.parse(text);
      } catch {
        return wrong();
      }
    }
    const parts = text ? text.split(",").map((part) => part.trim()) : [];
    return parts.map((part) => /^\d+$/.test(part) ? Number(part) : part);
  }
  if (setting.kind === "table") {
    if (!text) return null;
    try {
      return JSON.parse(text);
    } catch {
      return wrong();
    }
  }
  return text;
}
