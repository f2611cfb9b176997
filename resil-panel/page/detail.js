// What one function is made of: its counts, its policies in words, its settings and where they come from.

import { count, latency, make } from "./words.js";

const OUTCOMES = [
  ["calls", "calls"],
  ["ok", "ok"],
  ["errors", "errors"],
  ["timeouts", "timeouts"],
  ["refusals", "refused"],
  ["replays", "replayed"],
  ["fallbacks", "fallbacks"],
  ["cancelled", "cancelled"],
  ["dropped", "dropped"],
  ["panicked", "panicked"],
  ["attempts", "attempts"],
  ["retries", "retries"],
  ["hedges", "hedges"],
  ["hedges_won", "hedges won"],
];

function countsOf(title, counts) {
  const some = OUTCOMES.filter(([field]) => counts[field]);
  const list = make("dl", { class: "counts" });
  for (const [field, word] of some) list.append(make("div", {}, make("dt", {}, word), make("dd", {}, count(counts[field]))));
  for (const field of ["mean", "p50", "p90", "p99", "max"]) {
    const ms = 1000 * counts[`${field}_seconds`];
    list.append(make("div", {}, make("dt", {}, field), make("dd", {}, counts.calls ? latency(ms) : "–")));
  }
  return make("section", {}, make("h3", {}, title), list);
}

function policyOf({ policy, words, settings = [] }) {
  const list = make("ul", { class: "settings" });
  for (const { option, value, origin } of settings) {
    const item = make("li", { "data-origin": origin }, make("code", {}, `${option} = ${value}`));
    if (origin !== "attribute") item.append(make("span", { class: "origin" }, origin.replaceAll("_", " ")));
    list.append(item);
  }
  return make("li", {}, make("b", {}, policy), make("p", {}, words), list);
}

export async function openDetail({ name }, into) {
  if (!into.firstElementChild) into.append(make("p", { class: "wait" }, "…"));
  let answer;
  try {
    const url = new URL(`api/functions/${encodeURIComponent(name)}`, import.meta.url);
    const response = await fetch(url, { credentials: "same-origin" });
    answer = await response.json();
  } catch {
    answer = { error: "The server can't be reached." };
  }
  if (answer.error) return into.replaceChildren(make("p", { class: "bad" }, answer.error));
  const { stats, catalog } = answer;
  const parts = [];
  if (catalog) {
    const policies = make("ol", { class: "policies" }, ...catalog.policies.map(policyOf));
    const place = catalog.file ? `${catalog.file}:${catalog.line}` : catalog.kind;
    parts.push(make("section", {}, make("h3", {}, "Policies, outermost first"), policies, make("p", { class: "place" }, place)));
  }
  if (stats) parts.push(countsOf("Last minute", stats.last_minute), countsOf("Since the start", stats.since_start));
  into.replaceChildren(make("div", { class: "parts" }, ...parts));
}
