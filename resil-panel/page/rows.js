// A table whose rows come and change by their ids. Only rows on the screen are painted: with 500 functions
// most are not. All rows stand in the document, so that the browser's own search finds them.

import { write } from "./words.js";

const ROWS = new WeakMap();
const observer = new IntersectionObserver(
  (entries) => {
    for (const { target, isIntersecting } of entries) {
      const [table, row] = ROWS.get(target) ?? [];
      if (!row) continue;
      row.isSeen = isIntersecting;
      if (isIntersecting) table.paint(row);
    }
  },
  { rootMargin: "200px" },
);

export class Rows {
  // `make(data)` makes the element of a row with what it needs to be painted, `paint(row)` writes its data
  // in, and `before(a, b)` orders rows as a comparison does.
  constructor(table, { make, paint, before, counter, text }) {
    this.body = table.tBodies[0];
    this.empty = table.parentElement.querySelector(".empty");
    this.table = table;
    this.rows = new Map();
    this.sorted = [];
    this.wanted = "";
    Object.assign(this, { makeRow: make, paintRow: paint, before, counter, text });
    this.count();
  }

  // Takes changed rows in, and those that are gone out.
  update(changed = [], gone = []) {
    for (const id of gone) this.remove(id);
    let isNew = false;
    for (const data of changed) {
      const row = this.rows.get(data.id);
      if (row) row.data = { ...row.data, ...data };
      else {
        this.add(data);
        isNew = true;
      }
    }
    for (const data of changed) {
      const row = this.rows.get(data.id);
      row.isStale = true;
      if (row.isSeen) this.paint(row);
    }
    if (changed.length || gone.length) this.order();
    if (isNew || gone.length) this.count();
  }

  add(data) {
    const row = Object.assign(this.makeRow(data), { data, isSeen: false, isStale: true });
    row.searched = this.text(data).toLowerCase();
    row.element.hidden = !row.searched.includes(this.wanted);
    this.rows.set(data.id, row);
    this.sorted.push(row);
    this.body.append(row.element);
    ROWS.set(row.element, [this, row]);
    observer.observe(row.element);
  }

  remove(id) {
    const row = this.rows.get(id);
    if (!row) return;
    observer.unobserve(row.element);
    row.detail?.remove();
    row.element.remove();
    this.rows.delete(id);
    this.sorted.splice(this.sorted.indexOf(row), 1);
  }

  clear() {
    for (const id of [...this.rows.keys()]) this.remove(id);
    this.count();
  }

  paint(row) {
    if (!row.isStale) return;
    row.isStale = false;
    this.paintRow(row);
  }

  // Paints all rows on the screen: their data is as it was, and their meaning has moved on.
  repaint() {
    for (const row of this.sorted) {
      row.isStale = true;
      if (row.isSeen) this.paint(row);
    }
  }

  // Puts the rows into their order. A row that moves keeps the focus in it, and stays in sight then.
  order() {
    const sorted = [...this.sorted].sort(this.before);
    if (sorted.every((row, i) => row === this.sorted[i])) return;
    this.sorted = sorted;
    const focused = document.activeElement;
    let at = this.body.firstElementChild;
    for (const { element, detail } of sorted) {
      if (at === element) at = element.nextElementSibling;
      else this.body.insertBefore(element, at);
      if (!detail) continue;
      if (at === detail) at = detail.nextElementSibling;
      else this.body.insertBefore(detail, at);
    }
    if (focused === document.activeElement || !this.body.contains(focused)) return;
    focused.focus({ preventScroll: true });
    focused.scrollIntoView({ block: "nearest" });
  }

  // Shows the rows that have `text` in them. Returns how many these are.
  filter(text) {
    this.wanted = text.trim().toLowerCase();
    for (const row of this.sorted) {
      row.element.hidden = !row.searched.includes(this.wanted);
      if (row.detail) row.detail.hidden = row.element.hidden || row.isClosed;
    }
    return this.count();
  }

  count() {
    const shown = this.sorted.filter((row) => !row.element.hidden).length;
    const all = this.sorted.length;
    write(this.counter, shown === all ? `${all}` : `${shown} of ${all}`);
    this.table.hidden = shown === 0;
    this.empty.hidden = shown !== 0;
    if (all !== 0) write(this.empty, "No name has that in it.");
    return shown;
  }
}
