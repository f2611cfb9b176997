// Numbers and times as text, and the small tools with which rows are made and painted.

const FEW = new Intl.NumberFormat("en", { maximumFractionDigits: 1, minimumFractionDigits: 1 });
const MANY = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });
const COMPACT = new Intl.NumberFormat("en", { notation: "compact", maximumSignificantDigits: 3 });

export const count = (n) => (n < 100_000 ? MANY.format(n) : COMPACT.format(n));

export const rate = (n) => (n === 0 ? "0" : n < 0.05 ? "<0.1" : n < 10 ? FEW.format(n) : count(n));

// A share of 0 to 1. One that is not nothing never reads as nothing.
export const share = (part) =>
  part === 0 ? "0 %" : part < 0.001 ? "<0.1 %" : part < 0.1 ? `${FEW.format(100 * part)} %` : `${MANY.format(100 * part)} %`;

// A latency in milliseconds.
export function latency(ms) {
  if (ms === null || ms === undefined) return "–";
  if (ms < 0.001) return "0";
  if (ms < 1) return `${MANY.format(1000 * ms)} µs`;
  if (ms < 10) return `${FEW.format(ms)} ms`;
  if (ms < 1000) return `${MANY.format(ms)} ms`;
  return span(ms);
}

// A time in milliseconds, in the largest unit that says enough.
export function span(ms) {
  if (ms < 1000) return `${MANY.format(ms)} ms`;
  const s = ms / 1000;
  if (s < 10) return `${FEW.format(s)} s`;
  if (s < 120) return `${MANY.format(s)} s`;
  if (s < 7200) return `${MANY.format(s / 60)} min`;
  return `${MANY.format(s / 3600)} h`;
}

// Both digits of a countdown stay where they are.
export const left = (ms) => (ms >= 60_000 ? span(ms) : `${Math.ceil(ms / 1000)} s`);

export const clock = (date) => date.toTimeString().slice(0, 8);

// Makes an element. All text goes in as text: no name and no error is ever read as HTML.
export function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

const SVG = "http://www.w3.org/2000/svg";
export function draw(tag, attributes = {}, ...children) {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

// Writes a text only where it is another one: most numbers of most rows stay.
export function write(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

export function mark(element, name, value) {
  if (element.getAttribute(name) !== value) element.setAttribute(name, value);
}

// A name of Rust in two parts: the path is said quietly, and the last part aloud.
export function nameOf(name, key) {
  const at = name.lastIndexOf("::");
  const parts = [];
  if (at > 0) parts.push(make("span", { class: "path" }, name.slice(0, at + 2)), make("wbr"));
  parts.push(make("b", {}, at > 0 ? name.slice(at + 2) : name));
  if (key !== null && key !== undefined) parts.push(make("span", { class: "key" }, ` ${key}`));
  return make("span", { class: "name" }, ...parts);
}

export const STATES = {
  open: "open",
  forced_open: "forced open",
  half_open: "half-open",
  disabled: "disabled",
  closed: "closed",
};
export const stateWord = (state) => STATES[state] ?? state;
