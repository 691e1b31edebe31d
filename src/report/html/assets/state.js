"use strict";
// What is in the page, what the reader picked, and which actions that leaves.

const data = JSON.parse(document.getElementById("data").textContent);
const OWN = -1;

const state = { cause: null, outcomes: new Set(), sameOutput: false, words: [], sort: "cpu", descending: true, row: null };

const byId = (id) => document.getElementById(id);

/** Makes an element. Text never becomes markup: it goes through textContent only. */
function element(name, className, text, ...children) {
  const made = document.createElement(name);
  if (className) made.className = className;
  if (text !== undefined && text !== null) made.textContent = text;
  made.append(...children);
  return made;
}

const counted = (number) => number.toLocaleString("en-US");
const plural = (number, name) => `${counted(number)} ${name}${number === 1 ? "" : "s"}`;

/** Seconds with as many digits as can matter. */
function seconds(value) {
  if (value >= 100) return `${value.toFixed(0)} s`;
  if (value >= 0.1 || value === 0) return `${value.toFixed(1)} s`;
  return `${(value * 1000).toFixed(0)} ms`;
}

const cpuOf = (row) => (row.cpu === undefined ? null : row.cpu / 1e6);
const hasCpu = data.rows.some((row) => row.cpu !== undefined);
const outcomeOf = (row) => data.outcomes[row.outcome];
const nameOf = (row) => `${data.kinds[row.kind]} ${row.package}${row.variant ? ` (${row.variant})` : ""}`;
const hasCause = (row, cause) => row.causes !== undefined && row.causes.includes(cause);

/** What a search looks into, made when it is first needed. */
function haystack(row) {
  if (row.haystack === undefined) {
    const ids = [row.first, row.second].flat().filter(Boolean).join(" ");
    // IDs tell upper from lower case, and a search does not: who types one finds it all the same.
    row.haystack = `${nameOf(row)} ${outcomeOf(row).label} ${ids}`.toLowerCase();
  }
  return row.haystack;
}

/** Says whether a row is left by everything that is picked but its outcome. */
function matches(row) {
  if (state.cause !== null && !hasCause(row, state.cause)) return false;
  return state.words.every((word) => haystack(row).includes(word));
}

const passesOutcome = (row) =>
  (state.outcomes.size === 0 || state.outcomes.has(row.outcome)) && (!state.sameOutput || row.same_output === true);

const ORDERS = {
  kind: (row) => data.kinds[row.kind],
  package: (row) => row.package,
  outcome: (row) => row.outcome,
  causes: (row) => (row.causes ? row.causes[0] * 1e4 + row.causes.length : Infinity),
  cpu: (row) => (row.cpu === undefined ? -1 : row.cpu),
  ids: (row) => (row.second || row.first)[0],
};

/** Returns the indices of the rows that are left, in the picked order. */
function selectRows() {
  const left = [];
  data.rows.forEach((row, index) => {
    if (matches(row) && passesOutcome(row)) left.push(index);
  });
  const key = ORDERS[state.sort];
  const keys = data.rows.map(key);
  const sign = state.descending ? -1 : 1;
  // Rows that are equal stay in the order of their packages.
  return left.sort((one, other) => {
    const [a, b] = [keys[one], keys[other]];
    if (a !== b) return a < b ? -sign : sign;
    const [p, q] = [data.rows[one].package, data.rows[other].package];
    return p < q ? -1 : p > q ? 1 : one - other;
  });
}
