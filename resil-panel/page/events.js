// The events as they come, the newest first.

import { clock, count, make, nameOf, write } from "./words.js";

const MOST = 200;
const LEVELS = { debug: 0, info: 1, warn: 2, error: 3 };
const SHOWN = { all: 0, info: 1, warn: 2 };

const list = document.getElementById("events");
const empty = list.parentElement.querySelector(".empty");
const level = document.getElementById("level");
const pause = document.getElementById("pause");

let isPaused = false;
let held = [];
let wanted = "";

function show() {
  const least = SHOWN[level.value];
  let shown = 0;
  for (const item of list.children) {
    const isShown = Number(item.dataset.rank) >= least && item.searched.includes(wanted);
    item.hidden = !isShown;
    shown += isShown;
  }
  empty.hidden = shown !== 0;
  if (list.children.length) write(empty, "No event is like that.");
}

function itemOf({ at, level, kind, subject, key, state, text, call }, now) {
  const when = clock(new Date(Date.now() - (now - at)));
  const item = make(
    "li",
    { "data-level": level, "data-rank": LEVELS[level] ?? 1 },
    make("time", {}, when),
    nameOf(subject || kind, key),
    make("span", { class: "said", ...(state && { "data-state": state }) }, text),
  );
  item.title = call ? `${kind}, call ${call}` : kind;
  if (level === "debug") item.same = [kind, subject, key, text].join("\n");
  item.searched = `${subject} ${key ?? ""} ${text}`.toLowerCase();
  return item;
}

// The same that happens again and again takes one line, with how often: a refusal by an open circuit.
function isTheSame(item, last) {
  return last?.same !== undefined && item.same === last.same;
}

function put(items) {
  for (const item of items) {
    const last = list.firstElementChild;
    if (isTheSame(item, last)) {
      item.times = (last.times ?? 1) + (item.times ?? 1);
      item.append(make("span", { class: "said times" }, `${count(item.times)} times`));
      last.replaceWith(item);
    } else list.prepend(item);
  }
  while (list.children.length > MOST) list.lastElementChild.remove();
  show();
}

export function hear({ events, missed, now }) {
  const items = events.map((event) => itemOf(event, now));
  if (missed) {
    const lost = make("li", { "data-level": "info", "data-rank": 3 }, make("span", { class: "said" }, `${missed} more events, too many to show`));
    lost.searched = "";
    items.push(lost);
  }
  if (!items.length) return;
  if (isPaused) {
    held = [...held, ...items].slice(-MOST);
    write(pause, `Go on (${held.length} new)`);
  } else put(items);
}

export function clear() {
  list.replaceChildren();
  held = [];
  show();
}

export function filter(text) {
  wanted = text.trim().toLowerCase();
  show();
}

level.addEventListener("change", show);
pause.addEventListener("click", () => {
  isPaused = !isPaused;
  pause.setAttribute("aria-pressed", String(isPaused));
  write(pause, isPaused ? "Go on" : "Pause");
  if (!isPaused) {
    put(held);
    held = [];
  }
});
