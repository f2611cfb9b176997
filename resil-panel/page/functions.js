// The functions, each with the last minute of its rate.

import { Rows } from "./rows.js";
import { count, draw, latency, make, mark, nameOf, rate, share, write } from "./words.js";

const SECONDS = 60;
// The seconds over which the rates are means.
const RECENT = 5;
const WIDTH = 118;
const HEIGHT = 22;

const cell = (label, attributes = {}) => make("td", { role: "cell", "data-label": label, ...attributes });

function makeRow(data) {
  const area = draw("path", { class: "area" });
  const bad = draw("path", { class: "bad-area" });
  const spark = draw("svg", { class: "spark", viewBox: `0 0 ${WIDTH} ${HEIGHT}`, "aria-hidden": "true", preserveAspectRatio: "none" }, area, bad);
  const cells = {
    rate: cell("Calls / s", { class: "n" }),
    failed: cell("Failed", { class: "n" }),
    p50: cell("p50", { class: "n" }),
    p99: cell("p99", { class: "n" }),
    flying: cell("In flight", { class: "n" }),
    retries: cell("Retries / s", { class: "n" }),
    budget: cell("Budget", { class: "window" }),
  };
  const line = cell("Last minute", { class: "line" });
  line.append(spark);
  const name = make("button", { type: "button", class: "more", "aria-expanded": "false" }, nameOf(data.name));
  const off = make("span", { class: "off" });
  const element = make("tr", { role: "row" }, make("th", { role: "rowheader", scope: "row" }, name, off), line, ...Object.values(cells));
  return { element, area, bad, cells, name, off, history: [], was: null };
}

// The counts since the start of which the rates are made.
const counts = ({ calls, failed, retries }) => [calls, failed, retries];

// Takes in what has come since the last tick.
function tick(row) {
  const now = counts(row.data);
  // A function that is seen for the first time has counts from before.
  const more = row.was ? now.map((n, i) => Math.max(0, n - row.was[i])) : [0, 0, 0];
  row.was = now;
  row.history.push(more);
  if (row.history.length > SECONDS) row.history.shift();
  row.recent = recentOf(row);
}

// The calls, failures and retries of a second, as means over the last few.
function recentOf({ history, data }) {
  const last = history.slice(-RECENT);
  if (last.length < 2) return [data.minute.calls / SECONDS, data.minute.failed / SECONDS, 0];
  return [0, 1, 2].map((i) => last.reduce((sum, more) => sum + more[i], 0) / last.length);
}

const failedOf = ({ data }) => (data.minute.calls === 0 ? 0 : data.minute.failed / data.minute.calls);

// The outline of one of the counts over the last minute, the newest at the right.
function outline(history, which, most) {
  const step = WIDTH / (SECONDS - 1);
  const y = (n) => (HEIGHT - 1 - (n / most) * (HEIGHT - 3)).toFixed(1);
  const from = SECONDS - history.length;
  const points = history.map((more, i) => `L${((from + i) * step).toFixed(1)} ${y(more[which])}`);
  if (!points.length) return "";
  return `M${(from * step).toFixed(1)} ${HEIGHT}${points.join("")}L${WIDTH} ${HEIGHT}Z`;
}

function paint(row) {
  const { data, cells, area, bad, history } = row;
  const [calls, , retries] = row.recent ?? recentOf(row);
  const most = Math.max(1, ...history.map((more) => more[0]));
  mark(area, "d", outline(history, 0, most));
  mark(bad, "d", history.some((more) => more[1]) ? outline(history, 1, most) : "");
  const failed = failedOf(row);
  write(cells.rate, rate(calls));
  write(cells.failed, data.minute.calls ? share(failed) : "–");
  mark(cells.failed, "data-bad", String(failed >= 0.01));
  write(cells.p50, data.minute.calls ? latency(data.minute.p50_ms) : "–");
  write(cells.p99, data.minute.calls ? latency(data.minute.p99_ms) : "–");
  write(cells.flying, count(data.in_flight));
  write(cells.retries, rate(retries));
  paintBudget(cells.budget, data.budgets ?? []);
  const off = data.off ?? [];
  mark(row.element, "data-off", String(off.length > 0));
  write(row.off, off.length ? `off: ${[...new Set(off)].join(", ")}` : "");
}

// The fullest use of any budget: that one stops the retries.
function paintBudget(cell, budgets) {
  const asked = budgets.filter(({ capacity }) => capacity);
  if (!asked.length) return write(cell, budgets.length ? "full" : "–");
  const least = asked.reduce((a, b) => (a.tokens / a.capacity <= b.tokens / b.capacity ? a : b));
  if (!cell.firstElementChild) cell.replaceChildren(make("span", { class: "meter budget" }, make("i")), make("span"));
  const part = least.tokens / least.capacity;
  cell.firstElementChild.firstChild.style.width = `${Math.round(100 * part)}%`;
  mark(cell, "data-bad", String(part < 0.1));
  write(cell.lastElementChild, `${count(least.tokens)} of ${count(least.capacity)}`);
}

const SORTS = {
  name: (row) => row.data.name,
  rate: (row) => row.recent?.[0] ?? 0,
  failed: failedOf,
  p50: (row) => row.data.minute.p50_ms,
  p99: (row) => row.data.minute.p99_ms,
  flying: (row) => row.data.in_flight,
  retries: (row) => row.recent?.[2] ?? 0,
};

export class Functions extends Rows {
  constructor(openDetail) {
    super(document.getElementById("functions"), {
      make: (data) => this.rowWithDetail(makeRow(data), openDetail),
      paint,
      counter: document.getElementById("functions-count"),
      text: ({ name }) => name,
      before: (a, b) => this.compare(a, b),
    });
    this.by = "name";
    this.isDown = false;
    for (const button of this.table.querySelectorAll(".sort"))
      button.addEventListener("click", () => this.sortBy(button.dataset.sort, button.closest("th")));
  }

  rowWithDetail(row, openDetail) {
    row.isClosed = true;
    row.name.addEventListener("click", () => {
      row.isClosed = !row.isClosed;
      row.name.setAttribute("aria-expanded", String(!row.isClosed));
      if (!row.detail) {
        const cell = make("td", { role: "cell", colspan: "9" });
        row.detail = make("tr", { role: "row", class: "detail" }, cell);
        row.element.after(row.detail);
      }
      row.detail.hidden = row.isClosed;
      if (!row.isClosed) openDetail(row.data, row.detail.firstElementChild);
    });
    return row;
  }

  compare(a, b) {
    const byName = a.data.name.localeCompare(b.data.name);
    if (this.by === "name") return this.isDown ? -byName : byName;
    const of = SORTS[this.by];
    return (this.isDown ? of(b) - of(a) : of(a) - of(b)) || byName;
  }

  sortBy(by, header) {
    // Numbers begin with the largest: that is what one looks for.
    this.isDown = this.by === by ? !this.isDown : by !== "name";
    this.by = by;
    for (const other of this.table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
    header.setAttribute("aria-sort", this.isDown ? "descending" : "ascending");
    this.order();
  }

  // Takes a frame in. `history` has, for each function, the counts of each of the last seconds.
  hear({ functions, gone = {}, tick: isTick, history = {} }) {
    this.update(functions, gone.functions);
    for (const row of this.sorted) {
      // A stack may be called `constructor`, which every object has.
      if (Object.hasOwn(history, row.data.id)) {
        row.history = history[row.data.id].slice(-SECONDS);
        row.was = counts(row.data);
      }
      if (isTick) tick(row);
    }
    if (!isTick) return;
    if (this.by !== "name") this.order();
    this.repaint();
  }

  totals() {
    const sum = { calls: 0, failed: 0, retries: 0, inMinute: 0, failedInMinute: 0, flying: 0 };
    for (const row of this.sorted) {
      const [calls, failed, retries] = row.recent ?? [0, 0, 0];
      sum.calls += calls;
      sum.failed += failed;
      sum.retries += retries;
      sum.inMinute += row.data.minute.calls;
      sum.failedInMinute += row.data.minute.failed;
      sum.flying += row.data.in_flight;
    }
    return sum;
  }
}
