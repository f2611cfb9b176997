// Puts the page together: the stream to the tables, the filter to all of them, and what is said aloud.

import { Circuits } from "./circuits.js";
import { offer } from "./control.js";
import { openDetail } from "./detail.js";
import * as events from "./events.js";
import { Functions } from "./functions.js";
import { Limits } from "./limits.js";
import { listen } from "./stream.js";
import { count, make, mark, rate, share, span, stateWord, write } from "./words.js";

const byId = (id) => document.getElementById(id);
const functions = new Functions(openDetail);
const circuits = new Circuits();
const limits = new Limits();
const stores = new Map();

// What is said to those who listen: one thing at a time, and not each of a flood.
let unsaid = [];
setInterval(() => {
  if (!unsaid.length) return;
  const text = unsaid.length > 3 ? `${unsaid.length} circuits have changed` : unsaid.join(". ");
  byId("spoken").textContent = text;
  unsaid = [];
}, 1000);

function hear(frame) {
  functions.hear(frame);
  circuits.update(frame.circuits, frame.gone?.circuits);
  limits.hear(frame);
  events.hear(frame);
  for (const event of frame.events) {
    if (event.kind === "circuit_changed") unsaid.push(`Circuit ${event.subject} is ${stateWord(event.state)}`);
  }
  hearStores(frame);
  if (frame.tick || frame.circuits) writeTotals();
}

function hearStores({ stores: changed = [], gone = {}, now }) {
  for (const id of gone.stores ?? []) stores.delete(id);
  for (const store of changed) stores.set(store.id, store);
  const away = [...stores.values()].filter(({ state }) => state === "away");
  const items = away.map(({ kind, name, error, at }) =>
    make("p", { class: "notice bad" }, make("b", {}, `${kind === "rate_limit" ? "Rate limit store" : "Idempotency store of"} ${name}`), ` ${error ?? ""} (${span(Math.max(0, now - at))} ago)`),
  );
  const area = byId("stores");
  if (items.length || area.childElementCount) area.replaceChildren(...items);
}

function writeTotals() {
  const { calls, retries, inMinute, failedInMinute, flying } = functions.totals();
  const open = circuits.notClosed();
  write(byId("total-rate"), rate(calls));
  write(byId("total-failed"), inMinute ? share(failedInMinute / inMinute) : "–");
  write(byId("total-retries"), rate(retries));
  write(byId("total-in-flight"), count(flying));
  write(byId("total-open"), `${open} of ${circuits.sorted.length}`);
  mark(byId("total-open"), "data-bad", String(open > 0));
  mark(byId("total-failed"), "data-bad", String(inMinute > 0 && failedInMinute / inMinute >= 0.01));
}

const LINK = { live: "live", lost: "connection lost", wait: "connecting", fault: "this page failed: trying again" };

listen({
  hello(frame) {
    // Another process may answer now: nothing of the old one stays.
    functions.clear();
    circuits.clear();
    limits.clear();
    events.clear();
    stores.clear();
    offer(frame.can_be_changed, () => circuits.repaint());
    hear(frame);
    filter();
  },
  change: hear,
  state(state) {
    mark(byId("link"), "data-state", state);
    write(byId("link"), LINK[state]);
  },
});

const field = byId("filter");

function filter() {
  const text = field.value;
  const shown = functions.filter(text);
  circuits.filter(text);
  limits.filter(text);
  events.filter(text);
  write(byId("found"), text ? `${shown} ${shown === 1 ? "function" : "functions"}` : "");
}

field.addEventListener("input", filter);
addEventListener("keydown", (event) => {
  const isTyping = event.target.closest?.("input, select, textarea, dialog");
  if (event.key === "/" && !isTyping && !event.ctrlKey && !event.metaKey && !event.altKey) {
    event.preventDefault();
    field.focus();
  } else if (event.key === "Escape" && event.target === field && field.value) {
    event.preventDefault();
    field.value = "";
    filter();
  }
});
