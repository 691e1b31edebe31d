"use strict";
// The table: what a search and a colour of the legend leave, in the order that is picked.

const byId = (id) => document.getElementById(id);
const rows = [...document.querySelectorAll("#rows tr")];
const cell = (row, name) => row.querySelector(`.${name}`).textContent;
const total = rows.reduce((sum, row) => sum + Number(row.dataset.bytes), 0);

const state = { words: [], picked: null, sort: "bytes", descending: true };

/** As the report says sizes. */
function size(bytes) {
  if (bytes < 1000) return `${bytes} B`;
  const units = ["kB", "MB", "GB", "TB"];
  let [value, unit] = [bytes / 1000, 0];
  while (value >= 999.5 && unit + 1 < units.length) [value, unit] = [value / 1000, unit + 1];
  return `${value.toFixed(value < 9.95 ? 1 : 0)} ${units[unit]}`;
}

/** What a search looks into, made when it is first needed. */
function haystack(row) {
  row.haystack ??= ["package", "module", "kind", "set"].map((name) => cell(row, name)).join("\n").toLowerCase();
  return row.haystack;
}

const isLeft = (row) =>
  state.words.every((word) => haystack(row).includes(word)) && (!state.picked || row.classList.contains(state.picked));

const NUMBERS = new Set(["files", "bytes", "used"]);
const keyOf = (row) => (NUMBERS.has(state.sort) ? Number(row.dataset[state.sort]) : cell(row, state.sort));

function sortRows() {
  const keys = new Map(rows.map((row) => [row, keyOf(row)]));
  const sign = state.descending ? -1 : 1;
  // What is equal stays in the order of its bytes.
  const sorted = [...rows].sort((one, other) => {
    const [a, b] = [keys.get(one), keys.get(other)];
    return a < b ? -sign : a > b ? sign : 0;
  });
  byId("rows").append(...sorted);
  for (const head of document.querySelectorAll("#table [data-sort]")) {
    if (head.dataset.sort !== state.sort) head.removeAttribute("aria-sort");
    else head.setAttribute("aria-sort", state.descending ? "descending" : "ascending");
  }
}

/** Shows what is left, in the table and in the pictures. */
function filter() {
  let [count, bytes] = [0, 0];
  rows.forEach((row, number) => {
    const left = isLeft(row);
    row.hidden = !left;
    if (left) [count, bytes] = [count + 1, bytes + Number(row.dataset.bytes)];
    for (const tile of tilesOf(number)) tile.classList.toggle("faded", !left);
  });
  const share = total ? ` (${((bytes * 100) / total).toFixed(1)} %)` : "";
  byId("count").textContent =
    count === rows.length
      ? `${count.toLocaleString("en-US")} rows, ${size(bytes)}`
      : `${count.toLocaleString("en-US")} of ${rows.length.toLocaleString("en-US")} rows, ${size(bytes)} of ${size(total)}${share}`;
  byId("clear").disabled = count === rows.length;
}

function searchFor(text) {
  byId("search").value = text;
  state.words = text.toLowerCase().split(/\s+/).filter(Boolean);
  byId("scroller").scrollTop = 0;
  filter();
}

/** Leaves what has a colour of the legend; once more, everything. */
function pick(name) {
  state.picked = state.picked === name ? null : name;
  for (const button of document.querySelectorAll(".legend button")) {
    button.setAttribute("aria-pressed", button.dataset.pick === state.picked);
  }
  filter();
}

function buildColumns() {
  for (const head of document.querySelectorAll("#table [data-sort]")) {
    const button = document.createElement("button");
    button.type = "button";
    button.append(...head.childNodes);
    head.append(button);
    button.addEventListener("click", () => {
      const again = state.sort === head.dataset.sort;
      state.descending = again ? !state.descending : NUMBERS.has(head.dataset.sort);
      state.sort = head.dataset.sort;
      sortRows();
    });
  }
}

function buildLegends() {
  for (const item of document.querySelectorAll("#map .legend li")) {
    const button = document.createElement("button");
    button.type = "button";
    button.dataset.pick = item.dataset.class;
    button.setAttribute("aria-pressed", "false");
    button.append(...item.childNodes);
    item.append(button);
    button.addEventListener("click", () => pick(button.dataset.pick));
  }
}
