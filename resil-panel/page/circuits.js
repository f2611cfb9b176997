// The circuits: those that are not closed come first.

import { ACTIONS, circuitButtons } from "./control.js";
import { Rows } from "./rows.js";
import { count, left, make, mark, nameOf, share, stateWord, write } from "./words.js";

const RANK = { open: 0, forced_open: 1, half_open: 2, disabled: 3, closed: 4 };
const rank = ({ state }) => RANK[state] ?? 3;

const cell = (label, attributes, ...children) =>
  make("td", { role: "cell", "data-label": label, ...attributes }, ...children);

function makeRow(data) {
  const state = make("span", { class: "state" });
  const meter = make("span", { class: "meter" }, make("i"));
  const window = make("span");
  const probe = cell("Next probe", { class: "n" });
  const buttons = circuitButtons(data);
  const element = make(
    "tr",
    { role: "row" },
    make("th", { role: "rowheader", scope: "row" }, nameOf(data.name, data.key)),
    cell("State", {}, state),
    cell("Window", { class: "window" }, meter, window),
    probe,
    cell("By hand", { class: "acts" }, ...buttons),
  );
  return { element, state, meter, window, probe, buttons };
}

function windowOf({ state, calls, failures, slow, failures_in_a_row, probes_out, probes_succeeded }) {
  if (state === "half_open") return [0, `${probes_out} probing, ${probes_succeeded} succeeded`];
  if (state !== "closed") return [0, "–"];
  if (calls === 0) return [0, "no calls"];
  const part = failures / calls;
  const slowly = slow ? `, ${count(slow)} slow` : "";
  const row = failures_in_a_row ? `, ${count(failures_in_a_row)} in a row` : "";
  return [part, `${count(failures)} of ${count(calls)} failed (${share(part)})${slowly}${row}`];
}

function paint({ data, element, state, meter, window, probe, buttons, heard }) {
  mark(element, "data-state", data.state);
  write(state, stateWord(data.state));
  const [part, text] = windowOf(data);
  meter.firstChild.style.width = `${Math.round(100 * part)}%`;
  meter.hidden = data.state !== "closed";
  write(window, text);
  // It is told once a second, and counted down in between.
  const ms = data.retry_in_ms === null ? null : Math.max(0, data.retry_in_ms - (performance.now() - (heard ?? 0)));
  const now = data.state === "half_open" ? "now" : "–";
  write(probe, ms === null ? now : left(ms));
  for (const [at, [, , leadsTo]] of ACTIONS.entries()) {
    const isThere = leadsTo === data.state;
    if (buttons[at].getAttribute("aria-disabled") !== String(isThere)) buttons[at].setAttribute("aria-disabled", String(isThere));
  }
}

export class Circuits extends Rows {
  constructor() {
    super(document.getElementById("circuits"), {
      make: makeRow,
      paint,
      counter: document.getElementById("circuits-count"),
      text: ({ name, key, state }) => `${name} ${key ?? ""}`,
      before: (a, b) =>
        rank(a.data) - rank(b.data) ||
        a.data.name.localeCompare(b.data.name) ||
        (a.data.key ?? "").localeCompare(b.data.key ?? ""),
    });
    setInterval(() => this.countDown(), 500);
  }

  update(changed = [], gone = []) {
    super.update(changed, gone);
    for (const { id } of changed) this.rows.get(id).heard = performance.now();
    this.countDown();
  }

  countDown() {
    for (const row of this.sorted) if (row.isSeen && row.data.retry_in_ms !== null) paint(row);
  }

  notClosed() {
    return this.sorted.filter((row) => row.data.state !== "closed").length;
  }
}
