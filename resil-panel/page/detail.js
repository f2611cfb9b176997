// What one function is made of: its counts, its policies in words, its settings and where they come from.

import { command } from "./control.js";
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

const settingOf = ({ option, value, origin }) => {
  const text = option ? `${option} = ${value}` : value;
  const item = make("li", { "data-origin": origin }, make("code", {}, text));
  if (origin !== "attribute") item.append(make("span", { class: "origin" }, origin.replaceAll("_", " ")));
  return item;
};

// One policy in words, with its settings in force; `layer` knows the very place that one was set at. Without
// `switchIt` it can't be switched.
function policyOf({ policy, words, settings = [], switched_off_by: by }, layer, switchIt) {
  const set = (layer?.options ?? []).filter(({ origin }) => origin !== "attribute");
  const placed = (setting) => ({ ...setting, ...set.find(({ option }) => option === setting.option) });
  const list = make("ul", { class: "settings" });
  list.append(...settings.map(placed).map(settingOf));
  // A function that was not called yet has no layers in force.
  const isOff = layer ? !layer.is_on : Boolean(by);
  const head = make("p", { class: "policy" }, make("b", {}, policy));
  if (isOff) head.append(make("span", { class: "off" }, `off (${layer?.switched_by ?? by.replaceAll("_", " ")})`));
  if (switchIt) {
    const button = make("button", { type: "button", class: "act" }, isOff ? "Switch on" : "Switch off");
    button.setAttribute("aria-label", `${button.textContent}: ${policy}`);
    button.addEventListener("click", () => switchIt(policy, isOff ? "on" : "off"));
    head.append(button);
  }
  return make("li", { "data-off": String(isOff) }, head, make("p", {}, words), list);
}

// The layers in force beside the policies. Of one policy there may be two: they stand in the same order.
function layersOf(policies, layers = []) {
  if (policies.length === layers.length) return layers;
  return policies.map(({ policy }) => layers.find((layer) => layer.policy === policy));
}

function policiesOf(name, { catalog, in_force: layers = [] }, again) {
  // A stack that is run as a value has no switches.
  const hasSwitches = catalog.kind === "function";
  const switchIt = hasSwitches && (async (policy, action) => (await command("api/functions", { name, policy, action })) && again());
  // Injected faults are in force below all policies.
  const faults = layers.find(({ policy }) => policy === "chaos");
  const of = layersOf(catalog.policies, layers.filter((layer) => layer !== faults));
  const items = catalog.policies.map((policy, i) => policyOf(policy, of[i], switchIt));
  if (faults) {
    const injected = { policy: "chaos", words: "faults are injected into its runs", settings: catalog.injected };
    items.push(policyOf(injected, faults));
  }
  const section = make("section", {}, make("h3", {}, "Policies, outermost first"), make("ol", { class: "policies" }, ...items));
  const bar = make("p", { class: "act" });
  const all = [["off", "Switch all off"], ["on", "Switch all on"], ["clear", "Take back what was set by hand"]];
  for (const [action, label] of hasSwitches ? all : []) {
    const button = make("button", { type: "button" }, label);
    button.addEventListener("click", async () => (await command("api/functions", { name, action })) && again());
    bar.append(button, " ");
  }
  const place = catalog.file ? `${catalog.file}:${catalog.line}` : catalog.kind;
  section.append(bar, make("p", { class: "place" }, catalog.worst_case?.words ?? ""), make("p", { class: "place" }, place));
  return section;
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
  if (catalog) parts.push(policiesOf(name, answer, () => openDetail({ name }, into)));
  if (stats) parts.push(countsOf("Last minute", stats.last_minute), countsOf("Since the start", stats.since_start));
  // The button that was used is made anew: the focus goes to the new one.
  const at = [...into.querySelectorAll("button")].indexOf(document.activeElement);
  into.replaceChildren(make("div", { class: "parts" }, ...parts));
  if (at >= 0) into.querySelectorAll("button")[at]?.focus();
}
