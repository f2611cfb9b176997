// Bulkheads and rate limits.

import { Rows } from "./rows.js";
import { count, make, mark, nameOf, span, write } from "./words.js";

const cell = (label, attributes, ...children) =>
  make("td", { role: "cell", "data-label": label, ...attributes }, ...children);

function makeRow(data) {
  const kind = cell("Kind", {});
  const meter = make("span", { class: "meter" }, make("i"));
  const used = make("span");
  const waiting = cell("Waiting", { class: "n" });
  const element = make(
    "tr",
    { role: "row" },
    make("th", { role: "rowheader", scope: "row" }, nameOf(data.name, data.key)),
    kind,
    cell("Used", { class: "window" }, meter, used),
    waiting,
  );
  return { element, kind, meter, used, waiting };
}

function paint({ data, element, kind, meter, used, waiting }) {
  write(kind, data.kind);
  const [part, text, waits] = data.kind === "bulkhead" ? ofBulkhead(data) : ofRateLimit(data);
  meter.firstChild.style.width = `${Math.round(100 * Math.min(1, part))}%`;
  mark(element, "data-full", String(part >= 1));
  write(used, text);
  write(waiting, waits);
}

const ofBulkhead = ({ limit, in_flight, waiting }) => [
  in_flight / limit,
  `${count(in_flight)} of ${count(limit)} at once`,
  count(waiting),
];

function ofRateLimit({ max, per_ms, burst, available, next_in_ms }) {
  if (max === null) return [0, "no limit yet", "–"];
  const per = per_ms === 1000 ? "s" : span(per_ms);
  const text = `${count(available)} of ${count(burst)} left, ${count(max)} per ${per}`;
  return [1 - Math.min(available, burst) / burst, text, next_in_ms ? `next in ${span(next_in_ms)}` : "–"];
}

const tagged = (kind, rows = []) => rows.map((row) => ({ ...row, kind, id: `${kind} ${row.id}` }));
const named = (kind, ids = []) => ids.map((id) => `${kind} ${id}`);

export class Limits extends Rows {
  constructor() {
    super(document.getElementById("limits"), {
      make: makeRow,
      paint,
      counter: document.getElementById("limits-count"),
      text: ({ name, key }) => `${name} ${key ?? ""}`,
      before: (a, b) =>
        a.data.name.localeCompare(b.data.name) ||
        a.data.kind.localeCompare(b.data.kind) ||
        (a.data.key ?? "").localeCompare(b.data.key ?? ""),
    });
  }

  hear({ bulkheads, rate_limits, gone = {} }) {
    this.update(
      [...tagged("bulkhead", bulkheads), ...tagged("rate limit", rate_limits)],
      [...named("bulkhead", gone.bulkheads), ...named("rate limit", gone.rate_limits)],
    );
  }
}
