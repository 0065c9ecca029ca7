// SPDX-License-Identifier: GPL-3.0-or-later
// The last hour on a canvas: what was for the car, offered and drawn, in watts.

import { say, watts } from "./say.js";

const SPAN_S = 3600;
const SPANS = [[600, 5], [1200, 4], [2400, 4], [SPAN_S, 4]]; // a station just started shows its first minutes large; parts of the axis
const LINES = [ // key in /api/v1/recent, colour, filled
  ["available_w", "--sun", true], ["power_w", "--good", true], ["offered_w", "--ink", false],
];
const PAD = { left: 46, right: 10, top: 10, bottom: 22 };

const canvas = document.getElementById("chart");
const saidAt = document.getElementById("chart_said");
let points = []; // { at (ms of this browser's clock), available_w, offered_w, power_w }
let read = null; // index of the point being read

async function load() {
  try {
    const answer = await fetch("/api/v1/recent", { signal: AbortSignal.timeout(5000) });
    if (!answer.ok) return;
    const recent = await answer.json();
    const last = recent.power_w.length - 1;
    const now = Date.now();
    points = recent.power_w.map((power_w, n) => ({
      at: now - (last - n) * recent.every_s * 1000, power_w,
      available_w: recent.available_w[n], offered_w: recent.offered_w[n],
    }));
    draw();
  } catch { /* it fills as time goes by */ }
}

function add(status) {
  const at = Date.now();
  const point = {
    at, available_w: status.available_w, power_w: status.power_w,
    offered_w: status.offered_a * status.mains_v * status.phases,
  };
  // Changes keep their own point; a quiet minute needs only one.
  const before = points.at(-2);
  const last = points.at(-1);
  const same = (a, b) => LINES.every(([key]) => a[key] === b[key]);
  if (last && before && same(last, point) && same(before, last)) last.at = at;
  else points.push(point);
  while (points.length && points[0].at < at - SPAN_S * 1000) {
    points.shift();
    if (read !== null) read = Math.max(0, read - 1);
  }
  draw();
}

function ceiling(most) {
  const rough = Math.max(1000, most);
  const step = [500, 1000, 2000, 5000, 10_000, 20_000].find((one) => rough / one <= 4) ?? 50_000;
  return [Math.ceil(rough / step) * step, step];
}

// The time shown: the shortest span that holds all there is.
function span() {
  const held_s = points.length ? (points.at(-1).at - points[0].at) / 1000 : 0;
  return SPANS.find(([seconds]) => held_s <= seconds) ?? SPANS.at(-1);
}

function draw() {
  const { clientWidth: width, clientHeight: height } = canvas;
  if (!width) return;
  const scale = window.devicePixelRatio || 1;
  if (canvas.width !== Math.round(width * scale) || canvas.height !== Math.round(height * scale)) {
    canvas.width = Math.round(width * scale);
    canvas.height = Math.round(height * scale);
  }
  const pen = canvas.getContext("2d");
  pen.setTransform(scale, 0, 0, scale, 0, 0);
  pen.clearRect(0, 0, width, height);
  const style = getComputedStyle(canvas);
  const colour = (name) => style.getPropertyValue(name).trim();
  pen.font = `12px ${style.fontFamily}`;
  const now = points.at(-1)?.at ?? Date.now();
  const most = points.reduce((top, p) => Math.max(top, p.available_w ?? 0, p.offered_w, p.power_w), 0);
  const [top, step] = ceiling(most);
  const [seconds, parts] = span();
  const x = (at) => PAD.left + (width - PAD.left - PAD.right) * (1 - (now - at) / (seconds * 1000));
  const y = (w) => height - PAD.bottom - (height - PAD.top - PAD.bottom) * (Math.max(0, w) / top);
  grid(pen, { width, height, top, step, x, y, now, seconds, parts, colour });
  for (const [key, name, filled] of LINES) line(pen, key, colour(name), filled, x, y);
  if (read !== null && points[read]) mark(pen, points[read], x, y, height, colour);
  if (points.length < 2) tellAs(say("chart_empty"));
  else if (read === null) tellAs(say("chart_hint"));
}

function grid(pen, { width, height, top, step, x, y, now, seconds, parts, colour }) {
  pen.strokeStyle = colour("--rule");
  pen.fillStyle = colour("--quiet");
  pen.lineWidth = 1;
  pen.textAlign = "right";
  pen.textBaseline = "middle";
  for (let w = 0; w <= top; w += step) {
    pen.beginPath();
    pen.moveTo(PAD.left, Math.round(y(w)) + 0.5);
    pen.lineTo(width - PAD.right, Math.round(y(w)) + 0.5);
    pen.stroke();
    pen.fillText(w === 0 || w % 1000 ? `${w / 1000}` : `${w / 1000} kW`, PAD.left - 6, y(w));
  }
  pen.textBaseline = "alphabetic";
  const whole = seconds / 60;
  const apart = whole / (width < 420 ? 2 : parts);
  for (let minutes = 0; minutes <= whole; minutes += apart) {
    pen.textAlign = minutes === 0 ? "right" : minutes === whole ? "left" : "center";
    const text = minutes === 0 ? say("chart_now") : say("chart_ago", `−${minutes}`);
    pen.fillText(text, x(now - minutes * 60_000), height - 6);
  }
}

// Steps, not slopes: a value holds until the next one.  Gaps where nothing is known.
function line(pen, key, colour, filled, x, y) {
  let run = [];
  const flush = () => {
    if (run.length > 1) {
      pen.beginPath();
      run.forEach((p, n) => {
        if (n) pen.lineTo(x(p.at), y(run[n - 1][key]));
        pen.lineTo(x(p.at), y(p[key]));
      });
      pen.strokeStyle = colour;
      pen.lineWidth = filled ? 1.5 : 2;
      pen.lineJoin = "round";
      pen.setLineDash(filled ? [] : [5, 3]);
      pen.stroke();
      pen.setLineDash([]);
      if (filled) {
        pen.lineTo(x(run.at(-1).at), y(0));
        pen.lineTo(x(run[0].at), y(0));
        pen.globalAlpha = 0.28;
        pen.fillStyle = colour;
        pen.fill();
        pen.globalAlpha = 1;
      }
    }
    run = [];
  };
  for (const point of points) {
    if (point[key] === null || point[key] === undefined) flush();
    else run.push(point);
  }
  flush();
}

function mark(pen, point, x, y, height, colour) {
  pen.strokeStyle = colour("--ink");
  pen.lineWidth = 1;
  pen.beginPath();
  pen.moveTo(x(point.at), PAD.top);
  pen.lineTo(x(point.at), height - PAD.bottom);
  pen.stroke();
  for (const [key, name] of LINES) {
    if (point[key] === null) continue;
    pen.fillStyle = colour(name);
    pen.beginPath();
    pen.arc(x(point.at), y(point[key]), 4, 0, 2 * Math.PI);
    pen.fill();
  }
}

function tell(index) {
  if (!points.length) return;
  read = index === null ? null : Math.min(points.length - 1, Math.max(0, index));
  draw();
  const point = points[read];
  if (!point) return;
  const time = new Date(point.at).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
  tellAs(say("chart_read", time, watts(point.available_w), watts(point.offered_w), watts(point.power_w)));
}

function tellAs(text) {
  if (saidAt.textContent !== text) saidAt.textContent = text;
}

function nearest(event) {
  const box = canvas.getBoundingClientRect();
  const share = (event.clientX - box.left - PAD.left) / (box.width - PAD.left - PAD.right);
  const at = (points.at(-1)?.at ?? 0) - (1 - share) * span()[0] * 1000;
  let best = 0;
  points.forEach((point, n) => {
    if (Math.abs(point.at - at) < Math.abs(points[best].at - at)) best = n;
  });
  return best;
}

canvas.addEventListener("pointermove", (event) => tell(nearest(event)));
canvas.addEventListener("pointerdown", (event) => tell(nearest(event)));
canvas.addEventListener("pointerleave", (event) => event.pointerType === "mouse" && tell(null));
canvas.addEventListener("blur", () => tell(null));
canvas.addEventListener("keydown", (event) => {
  const last = points.length - 1;
  const here = read ?? last;
  const to = { ArrowLeft: here - 1, ArrowRight: here + 1, PageUp: here - 30, PageDown: here + 30, Home: 0, End: last, Escape: null }[event.key];
  if (to === undefined) return;
  event.preventDefault();
  tell(to);
});
new ResizeObserver(draw).observe(canvas);
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);

export const chart = { add, load };
