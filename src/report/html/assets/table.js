// The table of actions. Only the rows in view are in the document.

const COLUMNS = [
  ["kind", "Kind"],
  ["package", "Package"],
  ["outcome", "Outcome"],
  ["causes", "Causes"],
  ["cpu", "CPU"],
  ["ids", "Action ID, first → second"],
];
/** Rows beyond what is in view, on each side. */
const SPARE = 8;
/** Rows on paper. */
const PRINTED = 300;

const table = { shown: [], pool: new Map(), first: -1, last: -1, printing: false };

function rowHeight() {
  return parseFloat(getComputedStyle(document.documentElement).getPropertyValue("--row")) || 34;
}

function buildColumns() {
  for (const [key, title] of COLUMNS) {
    const button = element("button", "", title);
    button.type = "button";
    button.addEventListener("click", () => {
      const same = state.sort === key;
      state.descending = same ? !state.descending : key === "cpu";
      state.sort = key;
      update(false);
    });
    const cell = element("div", key === "cpu" ? "cpu" : key, null, button);
    cell.setAttribute("role", "columnheader");
    cell.dataset.key = key;
    byId("columns").append(cell);
  }
}

function fillRow(made, at) {
  const index = table.shown[at];
  const row = data.rows[index];
  const [kind, name, outcome, causes, cpu, ids] = made.children;
  kind.textContent = data.kinds[row.kind];
  // Where there is no room for all, the last element is what tells packages apart.
  const cut = row.package.lastIndexOf("/") + 1;
  name.replaceChildren(element("span", "path", row.package.slice(0, cut)), element("span", "last", row.package.slice(cut)));
  name.title = row.package;
  if (row.variant) name.append(element("i", "", row.variant));
  const word = outcomeOf(row);
  outcome.replaceChildren(element("span", `swatch outcome-${word.name}`), word.label);
  if (row.same_output) outcome.append(element("em", "", ", same output"));
  causes.replaceChildren(...causeMarks(row, 4));
  const spent = cpuOf(row);
  cpu.textContent = spent === null ? "" : spent === 0 ? "0" : seconds(spent);
  cpu.classList.toggle("none", spent === 0);
  const [first, second] = [row.first ? row.first[0] : "–", row.second ? row.second[0] : "–"];
  ids.replaceChildren(element("span", "", first));
  if (first !== second) ids.append(" → ", element("span", "", second));
  made.style.transform = `translateY(${at * rowHeight()}px)`;
  made.id = `row-${index}`;
  made.dataset.row = index;
  made.setAttribute("aria-rowindex", at + 2);
  made.setAttribute("aria-selected", index === state.row);
}

/** Numbers of causes; those that start here stand out. */
function causeMarks(row, most) {
  const marks = (row.causes || []).slice(0, most).map((cause, at) => {
    const own = row.via[at] === OWN;
    const mark = element("span", own ? "own" : "", cause + 1);
    mark.title = `${data.causes[cause]} (${own ? "starts here" : "follows"})`;
    return mark;
  });
  const rest = Math.max(0, (row.causes || []).length - most) + (row.lighter || 0);
  if (rest > 0) marks.push(`+${rest}`);
  return marks;
}

function makeRow() {
  const made = element("div", "row");
  made.setAttribute("role", "row");
  for (const [key] of COLUMNS) {
    const cell = element("div", key);
    cell.setAttribute("role", "cell");
    made.append(cell);
  }
  return made;
}

/** Draws the rows in view, and takes those away that are not. */
function drawRows() {
  const scroller = byId("scroller");
  const height = rowHeight();
  const total = table.shown.length;
  let first = Math.max(0, Math.floor(scroller.scrollTop / height) - SPARE);
  let last = Math.min(total, Math.ceil((scroller.scrollTop + scroller.clientHeight) / height) + SPARE);
  if (table.printing) [first, last] = [0, Math.min(total, PRINTED)];
  const old = table.pool;
  table.pool = new Map();
  const free = [];
  for (const [at, made] of old) {
    if (at >= first && at < last) table.pool.set(at, made);
    else free.push(made);
  }
  for (let at = first; at < last; at += 1) {
    if (table.pool.has(at)) continue;
    const made = free.pop() || byId("rows").appendChild(makeRow());
    fillRow(made, at);
    table.pool.set(at, made);
  }
  free.forEach((made) => made.remove());
}

/** Shows other rows, or the same in another order. */
function fillTable(indices) {
  table.shown = indices;
  table.pool.forEach((made) => made.remove());
  table.pool.clear();
  const rows = byId("rows");
  rows.replaceChildren();
  rows.style.height = `${Math.max(indices.length, 3) * rowHeight()}px`;
  if (indices.length === 0) rows.append(element("p", "empty", "No action is like that."));
  byId("table").setAttribute("aria-rowcount", indices.length + 1);
  for (const cell of byId("columns").children) {
    const sorted = cell.dataset.key === state.sort;
    cell.setAttribute("aria-sort", sorted ? (state.descending ? "descending" : "ascending") : "none");
  }
  drawRows();
}

function describeCount(indices) {
  let text = `${counted(indices.length)} of ${plural(data.rows.length, "action")}`;
  if (hasCpu) text += `, ${seconds(indices.reduce((sum, index) => sum + (cpuOf(data.rows[index]) || 0), 0))} of CPU`;
  byId("count").textContent = text;
}

/** One button for each outcome that there is, with how many rows it would show. */
function fillOutcomes() {
  const counts = new Map();
  let same = 0;
  for (const row of data.rows) {
    if (!matches(row)) continue;
    counts.set(row.outcome, (counts.get(row.outcome) || 0) + 1);
    if (row.same_output) same += 1;
  }
  for (const button of byId("outcomes").children) {
    const outcome = button.dataset.outcome;
    const isSame = outcome === "same-output";
    button.querySelector("b").textContent = counted(isSame ? same : counts.get(Number(outcome)) || 0);
    button.setAttribute("aria-pressed", isSame ? state.sameOutput : state.outcomes.has(Number(outcome)));
  }
}

function buildOutcomes() {
  const present = new Set(data.rows.map((row) => row.outcome));
  const chip = (key, children, toggle) => {
    const button = element("button", "", null, ...children, " ", element("b"));
    button.type = "button";
    button.dataset.outcome = key;
    button.addEventListener("click", () => { toggle(); update(false); });
    byId("outcomes").append(button);
  };
  data.outcomes.forEach((outcome, index) => {
    if (!present.has(index)) return;
    chip(index, [element("span", `swatch outcome-${outcome.name}`), outcome.label], () => {
      if (!state.outcomes.delete(index)) state.outcomes.add(index);
    });
  });
  if (data.rows.some((row) => row.same_output)) {
    chip("same-output", ["same output"], () => { state.sameOutput = !state.sameOutput; });
  }
}

/** Picks a row and brings it into view. */
function pickRow(index) {
  state.row = index;
  const at = table.shown.indexOf(index);
  const scroller = byId("scroller");
  if (at >= 0) {
    const [top, height] = [at * rowHeight(), rowHeight()];
    // The head of the table stays, and covers what is under it.
    const room = scroller.clientHeight - byId("columns").clientHeight;
    if (top < scroller.scrollTop) scroller.scrollTop = top;
    if (top + height > scroller.scrollTop + room) scroller.scrollTop = top + height - room;
  }
  scroller.setAttribute("aria-activedescendant", index === null ? "" : `row-${index}`);
  drawRows();
  for (const made of table.pool.values()) made.setAttribute("aria-selected", Number(made.dataset.row) === index);
  showDetails(index);
}

function onTableKey(event) {
  const page = Math.floor(byId("scroller").clientHeight / rowHeight()) - 1;
  const steps = { ArrowDown: 1, ArrowUp: -1, PageDown: page, PageUp: -page, Home: -Infinity, End: Infinity };
  if (event.key === "Escape") return pickRow(null);
  if (!(event.key in steps) || table.shown.length === 0) return undefined;
  event.preventDefault();
  const from = table.shown.indexOf(state.row);
  const to = from < 0 ? 0 : from + steps[event.key];
  return pickRow(table.shown[Math.max(0, Math.min(table.shown.length - 1, to))]);
}
