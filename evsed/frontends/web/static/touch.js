// SPDX-License-Identifier: GPL-3.0-or-later
// Gestures that uPlot does not have: a finger reads values, two fingers and the wheel (with Ctrl, or a
// pinch on a touch pad) zoom. Vertical moves still scroll the page (touch-action in the style sheet).

export function addGestures(chart, plot, { read, zoom }) {
  const { over } = chart;
  const held = new Map(); // pointer id -> x on the chart
  let apart = 0;
  const x = (event) => event.clientX - over.getBoundingClientRect().left;
  const spread = () => {
    const [first, second] = [...held.values()];
    return [Math.max(20, Math.abs(first - second)), (first + second) / 2];
  };

  over.addEventListener("pointerdown", (event) => {
    if (event.pointerType !== "touch") return;
    over.setPointerCapture(event.pointerId);
    held.set(event.pointerId, x(event));
    if (held.size === 2) [apart] = spread();
    else read(x(event));
  });
  over.addEventListener("pointermove", (event) => {
    if (!held.has(event.pointerId)) return;
    held.set(event.pointerId, x(event));
    if (held.size === 1) read(x(event));
    if (held.size !== 2) return;
    const [now, middle] = spread();
    zoom(apart / now, middle);
    apart = now;
  });
  for (const end of ["pointerup", "pointercancel"]) {
    over.addEventListener(end, (event) => held.delete(event.pointerId));
  }
  over.addEventListener("wheel", (event) => {
    if (!event.ctrlKey) return;
    event.preventDefault();
    zoom(event.deltaY > 0 ? 1.25 : 0.8, x(event));
  }, { passive: false });
}
