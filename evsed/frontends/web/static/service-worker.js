// SPDX-License-Identifier: GPL-3.0-or-later
// Shows since when evsed is not reached, where a browser would show its own error. It keeps no page
// and no figure: what is shown is of now, or nothing is. Browsers run it by trusted HTTPS alone.

const KEPT = "evsed";
const SEEN = "seen"; // when evsed answered last
const AGAIN_S = 10;

addEventListener("install", () => skipWaiting());
addEventListener("activate", (event) => event.waitUntil(clients.claim()));

addEventListener("fetch", (event) => {
  const { request } = event;
  const live = request.method === "GET" && /\bapi\/v1\/recent\b/.test(request.url); // the page asks each minute
  if (request.mode === "navigate") event.respondWith(page(request));
  else if (live) event.respondWith(noted(request));
});

async function noted(request) {
  const answer = await fetch(request);
  const kept = await caches.open(KEPT);
  await kept.put(SEEN, new Response(String(Date.now())));
  return answer;
}

async function page(request) {
  try {
    return await noted(request);
  } catch {
    const seen = await caches.match(SEEN);
    return new Response(away(seen ? Number(await seen.text()) : null), {
      status: 503, headers: { "Content-Type": "text/html; charset=utf-8" },
    });
  }
}

function away(seen) {
  const at = new Intl.DateTimeFormat("{{ locale }}", { weekday: "short", hour: "2-digit", minute: "2-digit" });
  const since = seen ? "{{ since }}".replace("{0}", at.format(seen)) : "{{ never }}";
  const style = "color-scheme: light dark; font: 1.1rem system-ui, sans-serif; margin: 3rem auto; max-width: 32rem; padding: 0 1rem";
  return `<!doctype html><html lang="{{ lang }}"><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><meta http-equiv="refresh" content="${AGAIN_S}"><title>{{ title }}</title><body style="${style}"><main><h1>${since}</h1><p>{{ help }}</p><p>{{ again }}</p></main>`;
}
