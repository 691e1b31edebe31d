// Bands from causes through the packages in which they start to the modules that they reach.

const SVG = "http://www.w3.org/2000/svg";
const HEADS = ["Causes", "start in", "cost CPU in"];

function svgElement(name, attributes, text) {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  if (text !== undefined) made.textContent = text;
  return made;
}

/** A share of an action is shown as whole ones: the bands have the fractions. */
const flowFigure = (weight) => (data.flow.unit === "cpu" ? seconds(weight) : plural(Math.max(1, Math.round(weight)), "action"));

/** Cuts a text to a number of characters: a path in front, where it is least telling. */
function shortened(text, most, isPath) {
  const characters = [...text];
  if (characters.length <= most) return text;
  if (most < 2) return "";
  return isPath ? `…${characters.slice(1 - most).join("")}` : `${characters.slice(0, most - 1).join("")}…`;
}

/** Says whether the picked cause stands in a node of the first column; null where none is picked. */
function isPickedNode(node) {
  if (state.cause === null) return null;
  const named = data.flow.columns[0].filter((one) => one.members === 1).length;
  return node === Math.min(state.cause, named);
}

function drawFlow() {
  if (!data.flow) return;
  byId("flow").hidden = false;
  const figure = byId("flow-figure");
  const width = figure.clientWidth;
  const unit = data.flow.unit === "cpu" ? "CPU seconds of the second build" : "the number of actions, as no CPU time was recorded";
  byId("flow-note").textContent = `The width of a band is ${unit}. An action that several causes reach is split equally between them; it stands under the root that is nearest to it.${data.flow.left_out > 0 ? ` ${plural(data.flow.left_out, "lighter cause")} left out.` : ""}`;
  figure.replaceChildren();
  if (width >= 760) figure.append(sankey([0, 1, 2], width));
  else figure.append(sankey([0, 1], width), sankey([1, 2], width));
}

/** Sums the bands between the drawn columns; the cause stays apart, so that it can be picked. */
function links(columns) {
  const sums = new Map();
  for (const band of data.flow.bands) {
    for (let at = 0; at + 1 < columns.length; at += 1) {
      const [from, to] = [band.nodes[columns[at]], band.nodes[columns[at + 1]]];
      const key = `${at} ${from} ${to} ${band.nodes[0]}`;
      const link = sums.get(key) || { at, from, to, cause: band.nodes[0], weight: 0, actions: 0 };
      link.weight += band.weight;
      link.actions += band.actions;
      sums.set(key, link);
    }
  }
  return [...sums.values()].sort((a, b) => a.at - b.at || a.from - b.from || a.to - b.to || a.cause - b.cause);
}

/** Pixels that the two lines of a label need. */
const LABEL = 34;

function sankey(columns, width) {
  const narrow = columns.length === 2;
  const [top, thick, gap] = [30, 10, 10];
  const weights = columns.map((column) => data.flow.columns[column].map(() => 0));
  for (const band of data.flow.bands) columns.forEach((column, at) => { weights[at][band.nodes[column]] += band.weight; });
  const total = weights[0].reduce((sum, weight) => sum + weight, 0) || 1;
  const most = Math.max(...weights.map((column) => column.length));
  const scale = Math.max(120, most * LABEL) / total;
  const room = (weight) => Math.max(LABEL, weight * scale) + gap;
  const heights = weights.map((column) => column.reduce((sum, weight) => sum + room(weight), 0));
  const height = top + Math.max(...heights);
  const label = narrow ? width / 2 - 30 : Math.min(300, width * .23);
  const inset = narrow ? 0 : label;
  const x = (at) => inset + (at * (width - 2 * inset - thick)) / (columns.length - 1);
  const nodes = weights.map((column, at) => {
    // What a column does not need stands between its nodes.
    const spare = column.length > 1 ? (height - top - heights[at]) / (column.length - 1) : 0;
    let y = top;
    return column.map((weight) => {
      const node = { y, height: Math.max(1.5, weight * scale), out: y, in: y, weight };
      y += room(weight) + spare;
      return node;
    });
  });
  const svg = svgElement("svg", { viewBox: `0 0 ${width} ${height}`, height, role: "img" });
  svg.setAttribute("aria-label", `${HEADS.slice(0, columns.length).join(", ")}: the table below has every action.`);
  for (const link of links(columns)) svg.append(bandOf(link, nodes, x, thick, scale, columns));
  columns.forEach((column, at) => drawColumn(svg, { column, at, last: columns.length - 1, x: x(at), thick, label, nodes: nodes[at], narrow }));
  return svg;
}

function bandOf(link, nodes, x, thick, scale, columns) {
  const [from, to] = [nodes[link.at][link.from], nodes[link.at + 1][link.to]];
  const breadth = Math.max(.5, link.weight * scale);
  const [left, right] = [x(link.at) + thick, x(link.at + 1)];
  const middle = (left + right) / 2;
  const [a, b] = [from.out, to.in];
  from.out += link.weight * scale;
  to.in += link.weight * scale;
  const path = svgElement("path", {
    class: `band${marked(isPickedNode(link.cause))}`,
    d: `M${left},${a}C${middle},${a} ${middle},${b} ${right},${b}V${b + breadth}C${middle},${b + breadth} ${middle},${a + breadth} ${left},${a + breadth}Z`,
  });
  const label = (at, node) => data.flow.columns[columns[at]][node].label;
  path.append(svgElement("title", {}, `${label(link.at, link.from)} → ${label(link.at + 1, link.to)}\n${flowFigure(link.weight)}, ${plural(link.actions, "action")}`));
  return path;
}

const marked = (picked) => (picked === null ? "" : picked ? " picked" : " faded");

function drawColumn(svg, { column, at, last, x, thick, label, nodes, narrow }) {
  const isLast = at === last;
  const outside = !narrow && at === 0;
  const anchor = outside || (narrow && isLast) ? "end" : "start";
  const textX = outside ? x - 8 : narrow && isLast ? x - 6 : x + thick + 8;
  const head = data.flow.unit === "cpu" ? HEADS[column] : HEADS[column].replace("cost CPU in", "reach");
  svg.append(svgElement("text", { class: "figure", x: textX, y: 13, "text-anchor": anchor }, head));
  nodes.forEach((node, index) => {
    const { label: name, members } = data.flow.columns[column][index];
    const picked = column === 0 ? isPickedNode(index) : null;
    const isCause = column === 0 && members === 1;
    const made = svgElement("g", { class: isCause || (column === 1 && members === 1) ? "clickable" : "" });
    made.append(svgElement("title", {}, `${name}\n${flowFigure(node.weight)}`));
    made.append(svgElement("rect", { class: `node${marked(picked)}`, x, y: node.y, width: thick, height: node.height }));
    const middle = node.y + Math.max(node.height / 2, 10);
    const text = isCause ? `${index + 1}  ${name}` : name;
    const characters = Math.floor(label / 6.9);
    const line = svgElement("text", { class: `label${marked(picked)}`, x: textX, "text-anchor": anchor });
    line.append(svgElement("tspan", { x: textX, y: middle - 2 }, shortened(text, characters, column > 0)));
    line.append(svgElement("tspan", { class: "figure", x: textX, y: middle + 13 }, flowFigure(node.weight)));
    made.append(line);
    if (isCause) made.addEventListener("click", () => pickCause(index));
    else if (column === 1 && members === 1) made.addEventListener("click", () => searchFor(name));
    svg.append(made);
  });
}
