// Ties the parts together.

/** Draws everything that depends on what is picked. The flow does not depend on the search. */
function update(flowToo = true) {
  const indices = selectRows();
  fillOutcomes();
  fillTable(indices);
  describeCount(indices);
  markCause();
  if (flowToo) drawFlow();
  drawTimeline();
}

function markCause() {
  for (const button of document.querySelectorAll("[data-cause]")) {
    button.setAttribute("aria-pressed", Number(button.dataset.cause) === state.cause);
  }
  const picked = state.cause !== null;
  byId("selection").hidden = !picked;
  if (!picked) return;
  const reached = data.rows.filter((row) => hasCause(row, state.cause)).length;
  byId("selection-rank").textContent = state.cause + 1;
  byId("selection-title").textContent = data.causes[state.cause];
  byId("selection-count").textContent = `· ${plural(reached, "action")}`;
}

function pickCause(cause) {
  state.cause = state.cause === cause ? null : cause;
  byId("scroller").scrollTop = 0;
  update();
}

/** Searches; `before` is the cause that was picked when the flow was drawn. */
function searchFor(text, before = state.cause) {
  byId("search").value = text;
  state.words = text.toLowerCase().split(/\s+/).filter(Boolean);
  byId("scroller").scrollTop = 0;
  update(state.cause !== before);
}

/** Takes every filter away. */
function clearPicked() {
  const cause = state.cause;
  state.cause = null;
  state.outcomes.clear();
  state.sameOutput = false;
  searchFor("", cause);
}

function start() {
  if (!hasCpu) [state.sort, state.descending] = ["package", false];
  byId("actions").hidden = data.rows.length === 0;
  buildColumns();
  buildOutcomes();
  buildTimeline();
  document.querySelectorAll("[data-cause]").forEach((button) => {
    button.addEventListener("click", () => pickCause(Number(button.dataset.cause)));
  });
  byId("clear").addEventListener("click", () => pickCause(state.cause));
  byId("search").addEventListener("input", (event) => searchFor(event.target.value));
  const scroller = byId("scroller");
  scroller.addEventListener("scroll", drawRows, { passive: true });
  scroller.addEventListener("keydown", onTableKey);
  byId("rows").addEventListener("click", (event) => {
    const made = event.target.closest("[data-row]");
    if (made) pickRow(Number(made.dataset.row));
  });
  let width = innerWidth;
  window.addEventListener("resize", () => {
    if (innerWidth === width) return drawRows();
    width = innerWidth;
    return update();
  });
  window.addEventListener("beforeprint", () => { table.printing = true; printTable(true); });
  window.addEventListener("afterprint", () => { table.printing = false; printTable(false); });
  update();
}

/** On paper there is no scrolling: the first rows stand there, and how many there are. */
function printTable(on) {
  drawRows();
  const shown = Math.min(table.shown.length, PRINTED);
  if (on && shown < table.shown.length) byId("count").textContent += `; the first ${shown} are printed`;
  else if (!on) describeCount(table.shown);
}

start();
