// One action: what differs in its own inputs, what it follows from, its IDs.

/** Steps of a chain that are shown; the longest of real builds have about fifty. */
const LONGEST = 60;

function showDetails(index) {
  const aside = byId("details");
  aside.hidden = index === null;
  document.querySelector(".explorer").classList.toggle("open", index !== null);
  if (index === null) return;
  const row = data.rows[index];
  const close = element("button", "close", "Close");
  close.type = "button";
  close.addEventListener("click", () => { pickRow(null); byId("scroller").focus({ preventScroll: true }); });
  aside.replaceChildren(close, element("h3", "", null, element("code", "", nameOf(row))), outcomeLine(row));
  ownInputs(row).forEach((part) => aside.append(part));
  chains(index).forEach((part) => aside.append(part));
  aside.append(element("h4", "", "IDs"), ids(row));
  aside.scrollTop = 0;
}

function outcomeLine(row) {
  const word = outcomeOf(row);
  const line = element("p", "outcome", null, element("span", `swatch outcome-${word.name}`), word.label);
  const spent = cpuOf(row);
  if (spent !== null) line.append(`, ${seconds(spent)} of CPU`);
  if (row.same_output) line.append(", and the output is that of the first build all the same");
  return line;
}

function ownInputs(row) {
  if (!row.inputs) return [];
  const parts = [element("h4", "", "What differs in its own inputs")];
  for (const input of row.inputs) {
    const change = element("div", "change", null, element("span", "", input.name));
    if (input.cause !== undefined) change.append(element("span", "side", ` · cause ${input.cause + 1}`));
    [["first", input.first], ["second", input.second]].forEach(([side, value]) => {
      change.append(element("code", side, value === null ? `(not in ${side})` : value === "" ? "(empty)" : value));
    });
    parts.push(change);
  }
  return parts;
}

/** For each cause that comes from elsewhere, one shortest way to where it starts. */
function chains(index) {
  const row = data.rows[index];
  const parts = [];
  (row.causes || []).forEach((cause, at) => {
    if (row.via[at] === OWN) return;
    const list = element("ol", "");
    let here_index = index;
    for (let step = 0; step < LONGEST; step += 1) {
      list.append(element("li", "", null, step === 0 ? element("code", "", nameOf(row)) : rowLink(here_index)));
      const here = data.rows[here_index];
      const via = here.via[here.causes.indexOf(cause)];
      if (via < 0) break;
      here_index = via;
    }
    parts.push(element("h4", "", `Follows from cause ${cause + 1}: ${data.causes[cause]}`), list);
  });
  if (parts.length > 0 && row.follows > 1) {
    parts.push(element("p", "note", `One shortest way each. It hashes ${counted(row.follows)} changed outputs in all.`));
  }
  return parts;
}

function rowLink(index) {
  const link = element("button", "link", nameOf(data.rows[index]));
  link.type = "button";
  link.addEventListener("click", () => {
    if (!table.shown.includes(index)) clearPicked();
    pickRow(index);
  });
  return link;
}

function ids(row) {
  const list = element("table", "");
  const line = (name, id) => {
    const head = element("th", "", name);
    head.scope = "row";
    list.append(element("tr", "", null, head, element("td", "", null, element("code", "", id))));
  };
  for (const side of ["first", "second"]) {
    if (!row[side]) continue;
    line(`${side} action`, row[side][0]);
    if (row[side][1]) line(`${side} content`, row[side][1]);
  }
  return list;
}
