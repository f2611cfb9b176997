// The token, and what is sent with it.

import { stateWord } from "./words.js";

const KEPT = "resil token";
const lock = document.getElementById("lock");
const dialog = document.getElementById("asks");
const field = document.getElementById("token");
const fault = document.getElementById("token-fault");
const notice = document.getElementById("notice");

let token = read();
let tell = () => {};

// The browser may forbid a page to keep anything.
function read() {
  try {
    return sessionStorage.getItem(KEPT) ?? "";
  } catch {
    return "";
  }
}

function keep(value) {
  token = value;
  try {
    if (value) sessionStorage.setItem(KEPT, value);
    else sessionStorage.removeItem(KEPT);
  } catch {
    // It is kept until the page is left.
  }
  show();
}

export const isUnlocked = () => token !== "" && !lock.hidden;

function show() {
  lock.textContent = token ? "Lock" : "Unlock";
  document.body.classList.toggle("unlocked", isUnlocked());
  tell();
}

async function post(path, body, bearer = token) {
  const headers = { authorization: `Bearer ${bearer}`, "content-type": "application/json" };
  const url = new URL(path, import.meta.url);
  return fetch(url, { method: "POST", headers, body: JSON.stringify(body ?? {}), credentials: "omit" });
}

// What the server says of a request that it refused.
async function said(answer) {
  const { error, nearest } = await answer.json().catch(() => ({}));
  return `${error ?? `the server answered ${answer.status}`}${nearest ? `; is it ${nearest}?` : ""}`;
}

// Sends a command. Returns whether it was done; if not, the page says why.
export async function command(path, body) {
  notice.hidden = true;
  try {
    const answer = await post(path, body);
    if (answer.ok) return true;
    if (answer.status === 401) {
      keep("");
      dialog.showModal();
      fault.textContent = "The token is not right any more.";
      return false;
    }
    complain(await said(answer));
  } catch {
    complain("The server can't be reached.");
  }
  return false;
}

export function complain(text) {
  notice.textContent = text;
  notice.classList.add("bad");
  notice.hidden = false;
}

// Shows the button with which the panel is unlocked, if it has a token. `changed` is called each time that
// it is locked or unlocked.
export function offer(canBeChanged, changed) {
  tell = changed;
  lock.hidden = !canBeChanged;
  document.getElementById("read-only").hidden = canBeChanged;
  show();
}

lock.addEventListener("click", () => {
  if (token) return keep("");
  field.value = "";
  fault.textContent = "";
  dialog.showModal();
});

document.getElementById("asks-cancel").addEventListener("click", () => dialog.close());

document.getElementById("asks-form").addEventListener("submit", async (event) => {
  event.preventDefault();
  try {
    // What a header can't hold can't be the token.
    const answer = await post("api/token", undefined, field.value);
    if (answer.ok) {
      keep(field.value);
      dialog.close();
    } else fault.textContent = answer.status === 401 ? "That is not the token." : await said(answer);
  } catch {
    fault.textContent = "That is not the token, or the server can't be reached.";
  }
  if (dialog.open) field.select();
});

export const ACTIONS = [
  ["force_open", "Force open", "forced_open"],
  ["close", "Close", "closed"],
  ["disable", "Disable", "disabled"],
  ["reset", "Reset", null],
];

// The buttons of a circuit.
export function circuitButtons({ name, key }) {
  return ACTIONS.map(([action, label, leadsTo]) => {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = label;
    button.dataset.leadsTo = leadsTo ?? "";
    const of = key === null ? name : `${name} ${key}`;
    button.setAttribute("aria-label", `${label}: ${of}`);
    button.title = leadsTo ? `The circuit is ${stateWord(leadsTo)} from then on` : "Closed, with nothing counted";
    button.addEventListener("click", () => command("api/circuits", { name, key, action }));
    return button;
  });
}
