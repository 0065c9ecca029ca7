// SPDX-License-Identifier: GPL-3.0-or-later
// The chart of a day, drawn by uPlot: power available to the car, drawn and offered, the battery's
// loan, and the states as bands. Values are read by mouse, finger or arrow keys; wheel, drag, two
// fingers, + and − zoom.

/* global uPlot */
import { addGestures } from "./touch.js";
import { setText } from "./dom.js";
import { number, t, watts } from "./i18n.js";

const LEAST_SPAN_S = 300;
const MOST_GAP = 1.5; // of the time between rows: a longer gap is drawn as one
const LEAST_TOP_W = 1000;
const LEAST_TOP_WH = 50;
const COLUMNS = ["available_w", "power_w", "offered_w", "battery_loan_wh"];
const BANDS = { // colour and height, so that colour is not all that tells
  B: ["--calm", 5], wait: ["--wait", 8], charging: ["--good", 11], fault: ["--bad", 11], plan: ["--ink", 5],
};

// The band that shows the state of a row; null for no car, or where it is not known.
function band(state) {
  if (state === null || state === "A") return null;
  if (state === "plan") return state;
  if (state === "C2" || state === "D2") return "charging";
  return state[0] === "B" ? "B" : state[0] === "C" || state[0] === "D" ? "wait" : "fault";
}

// Rows as columns for uPlot, with an empty row wherever time went by without one.
function spaced(rows) {
  const columns = [[], ...COLUMNS.map(() => [])];
  const states = [];
  const lent = (n) => rows[n]?.battery_loan_wh > 0;
  const push = (at, row) => {
    columns[0].push(at);
    COLUMNS.forEach((key, n) => columns[n + 1].push(row?.[key] ?? null));
    states.push(row ? row.state ?? null : null);
  };
  rows.forEach((row, n) => {
    // A line along the bottom for hours would mean nothing: only where something is lent.
    push(row.at, lent(n - 1) || lent(n) || lent(n + 1) ? row : { ...row, battery_loan_wh: null });
    const end = row.at + row.for_s;
    const next = rows[n + 1];
    if (!next || next.at > row.at + row.for_s * MOST_GAP) push(end, next ? null : { ...row });
  });
  return [columns, states];
}

export class DayChart {
  #root; #plot; #chart = null;
  #data = [[], [], [], [], []]; #states = [];
  #whole = [0, 1]; #zoomed = null; // [from, to] in seconds since 1970
  #offset_s = 0;
  #lends = false; // the battery has lent energy: only then is there an axis for it
  #seen = false; // a value is being read
  expected = null; // what future.js draws and reads

  constructor(root) {
    this.#root = root;
    this.#plot = root.querySelector(".plot");
    root.querySelector(".zoom_in").addEventListener("click", () => this.#zoom(0.5));
    root.querySelector(".zoom_out").addEventListener("click", () => this.#zoom(2));
    root.querySelector(".whole").addEventListener("click", () => this.#to(null));
    this.#plot.addEventListener("keydown", (event) => this.#key(event));
    this.#plot.addEventListener("blur", () => this.#showValues(null));
    new ResizeObserver(() => this.#size()).observe(this.#plot);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.#make());
    addEventListener("themechange", () => this.#make());
  }

  // *rows*: { at (s since 1970), for_s, available_w, power_w, offered_w, battery_loan_wh, state }, oldest
  // first; *whole*: the time there is to see; *offset_s*: of the station's clock from UTC.
  show(rows, whole, offset_s) {
    [this.#data, this.#states] = spaced(rows);
    this.#whole = whole;
    const lends = rows.some((row) => row.battery_loan_wh > 0);
    const other = lends !== this.#lends || offset_s !== this.#offset_s;
    [this.#lends, this.#offset_s] = [lends, offset_s];
    this.#plot.setAttribute("aria-valuemax", String(Math.max(1, this.#data[0].length - 1)));
    if (!this.#chart || other) this.#make();
    else this.#draw();
    if (!rows.length) setText(this.#root.querySelector(".read"), t("chart_empty"));
    else if (!this.#seen) setText(this.#root.querySelector(".read"), t("chart_hint"));
  }

  // Puts *element* below the chart.
  foot(element) {
    this.#root.append(element);
  }

  resetZoom() {
    this.#zoomed = null;
  }

  #size() {
    const { clientWidth: width, clientHeight: height } = this.#plot;
    if (width && height) this.#chart ? this.#chart.setSize({ width, height }) : this.#make();
  }

  #make() {
    this.#chart?.destroy();
    this.#chart = null;
    const { clientWidth: width, clientHeight: height } = this.#plot;
    if (!width || !height) return; // in a view that is not shown: made when it is
    const style = getComputedStyle(this.#plot);
    const colour = (name) => style.getPropertyValue(name).trim();
    const steps = uPlot.paths.stepped({ align: 1 });
    const rule = { stroke: colour("--rule"), width: 1 };
    const axis = { stroke: colour("--quiet"), font: `12px ${style.fontFamily}`, grid: rule, ticks: { show: false } };
    this.#chart = new uPlot({
      width, height,
      padding: [8, this.#lends ? 0 : 18, 0, 0],
      legend: { show: false },
      tzDate: (at) => uPlot.tzDate(new Date((at + this.#offset_s) * 1000), "Etc/UTC"),
      cursor: {
        y: false, focus: { prox: -1 },
        drag: { x: true, y: false, setScale: false, dist: 6 },
        bind: { dblclick: () => () => this.#to(null) },
      },
      scales: {
        x: { time: true },
        w: { range: (_, __, most) => [0, Math.max(LEAST_TOP_W, (most ?? 0) * 1.08)] },
        wh: { range: (_, __, most) => [0, Math.max(LEAST_TOP_WH, (most ?? 0) * 1.6)] },
      },
      axes: [
        { ...axis, size: 26, space: 56, grid: { show: false }, values: (_, at) => at.map((s) => this.#clock(s)) },
        { ...axis, scale: "w", size: 46, values: (_, at) => at.map((w) => w === 0 ? "0" : `${number(w / 1000, w % 1000 ? 1 : 0)} kW`) },
        { ...axis, scale: "wh", side: 1, size: 56, grid: { show: false }, show: this.#lends, values: (_, at) => at.map((wh) => wh === 0 ? "0" : `${number(wh)} Wh`) },
      ],
      series: [
        {},
        { scale: "w", paths: steps, stroke: colour("--sun"), fill: colour("--sun-area"), width: 1.5, points: { show: false } },
        { scale: "w", paths: steps, stroke: colour("--good"), fill: colour("--good-area"), width: 1.5, points: { show: false } },
        { scale: "w", paths: steps, stroke: colour("--ink"), dash: [4, 3], width: 1, points: { show: false } },
        { scale: "wh", stroke: colour("--lent"), width: 2, points: { show: false } },
      ],
      hooks: {
        drawClear: [(chart) => this.#bands(chart, colour)],
        draw: [(chart) => this.expected?.draw(chart, colour)],
        setCursor: [(chart) => this.#showValues(chart.cursor.left < 0 ? null : chart.cursor.idx)],
        setSelect: [(chart) => this.#select(chart)],
      },
    }, this.#data, this.#plot);
    addGestures(this.#chart, this.#plot, {
      read: (left) => this.#chart.setCursor({ left, top: 0 }),
      zoom: (factor, left) => this.#zoom(factor, left),
    });
    this.#draw();
  }

  #draw() {
    const chart = this.#chart;
    if (!chart) return;
    const [min, max] = this.#zoomed ?? this.#whole;
    chart.batch(() => {
      chart.setData(this.#data, false);
      chart.setScale("x", { min, max });
    });
  }

  #bands(chart, colour) {
    const { ctx, bbox } = chart;
    const bottom = bbox.top + bbox.height;
    const [at] = this.#data;
    ctx.save();
    ctx.beginPath();
    ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
    ctx.clip();
    for (let n = 0; n < at.length - 1;) {
      const name = band(this.#states[n]);
      let end = n + 1;
      while (end < at.length - 1 && band(this.#states[end]) === name) end += 1;
      if (name) {
        const [from, to] = [chart.valToPos(at[n], "x", true), chart.valToPos(at[end], "x", true)];
        const [paint, height] = BANDS[name];
        ctx.fillStyle = colour(paint);
        ctx.globalAlpha = 0.07;
        ctx.fillRect(from, bbox.top, to - from, bbox.height);
        ctx.globalAlpha = 1;
        const tall = height * devicePixelRatio;
        ctx.fillRect(from, bottom - tall, to - from, tall);
      }
      n = end;
    }
    ctx.restore();
  }

  // ---------------------------------------------------------------------------- reading

  #clock(at) {
    return new Date((at + this.#offset_s) * 1000).toISOString().slice(11, 16);
  }

  #showValues(index) {
    const [at, ...columns] = this.#data;
    const known = index !== null && index !== undefined && columns.some((column) => column[index] !== null && column[index] !== undefined);
    const read = this.#root.querySelector(".read");
    this.#seen = known;
    if (!known) {
      if (at.length) setText(read, t("chart_hint"));
      return;
    }
    const [available_w, power_w, offered_w, battery_loan_wh] = columns.map((column) => column[index]);
    const expected = this.expected?.read(at[index], offered_w);
    const parts = [
      expected ? `${this.#clock(at[index])} · ${expected}`
        : t("chart_read", this.#clock(at[index]), watts(available_w), watts(power_w), watts(offered_w)),
      battery_loan_wh > 0 ? t("chart_read_lent", number(battery_loan_wh)) : null,
      band(this.#states[index]) ? t(`band_${band(this.#states[index])}`) : null,
    ];
    const text = parts.filter(Boolean).join(" · ");
    setText(read, text);
    this.#plot.setAttribute("aria-valuenow", String(index));
    this.#plot.setAttribute("aria-valuetext", text);
  }

  #key(event) {
    const chart = this.#chart;
    const [at] = this.#data;
    if (!chart || !at.length) return;
    const [from, to] = this.#zoomed ?? this.#whole;
    const first = Math.max(0, at.findIndex((moment) => moment >= from));
    const last = at.findLastIndex((moment) => moment <= to);
    const here = chart.cursor.idx ?? last + 1;
    const leap = Math.max(1, Math.round((last - first) / 20));
    const index = {
      ArrowLeft: here - 1, ArrowRight: here + 1, ArrowDown: here - 1, ArrowUp: here + 1,
      PageDown: here - leap, PageUp: here + leap, Home: first, End: last,
    }[event.key];
    const factor = { "+": 0.5, "-": 2 }[event.key];
    if (index !== undefined) {
      const seen = Math.min(last, Math.max(first, index));
      chart.setCursor({ left: chart.valToPos(at[seen], "x"), top: 0 });
    } else if (factor) this.#zoom(factor, chart.cursor.left);
    else if (event.key === "0") this.#to(null);
    else if (event.key === "Escape") chart.setCursor({ left: -10, top: -10 });
    else return;
    event.preventDefault();
  }

  // --------------------------------------------------------------------------- zooming

  #select(chart) {
    const { left, width } = chart.select;
    if (width < 6) return;
    this.#to([chart.posToVal(left, "x"), chart.posToVal(left + width, "x")]);
    chart.setSelect({ left: 0, width: 0, top: 0, height: 0 }, false);
  }

  // About the place *left* (CSS pixels), or the middle: factor 0.5 shows half as much.
  #zoom(factor, left) {
    const [from, to] = this.#zoomed ?? this.#whole;
    const span = Math.max(LEAST_SPAN_S, (to - from) * factor);
    const at = left >= 0 ? this.#chart.posToVal(left, "x") : (from + to) / 2;
    const start = at - ((at - from) / (to - from)) * span;
    this.#to([start, start + span]);
  }

  #to(span) {
    const [first, last] = this.#whole;
    if (span && span[1] - span[0] < last - first) {
      const wide = Math.max(LEAST_SPAN_S, span[1] - span[0]);
      const start = Math.min(Math.max(span[0], first), last - wide);
      this.#zoomed = [start, start + wide];
    } else this.#zoomed = null;
    this.#draw();
  }
}
