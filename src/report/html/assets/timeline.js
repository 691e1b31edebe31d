// When each action ran, on which worker, coloured by its outcome.

const LANE = 18;
const AXIS = 24;
const STEPS = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10000, 20000, 30000, 60000, 120000, 300000, 600000, 1800000, 3600000];

const timeline = { side: "second", from: 0, to: 1, end: 1, shortest: 0, drag: null, palette: {} };

const spans = () => data.timeline[timeline.side];

function milliseconds(value) {
  return value >= 60000 ? `${(value / 60000).toFixed(1)} min` : value >= 1000 ? `${(value / 1000).toFixed(value >= 10000 ? 0 : 1)} s` : `${value.toFixed(0)} ms`;
}

function buildTimeline() {
  const sides = ["first", "second"].filter((side) => data.timeline[side].length > 0);
  if (sides.length === 0) return;
  byId("timeline").hidden = false;
  timeline.side = sides.includes("second") ? "second" : sides[0];
  for (const side of sides.length > 1 ? sides : []) {
    const button = element("button", "", side);
    button.type = "button";
    button.dataset.side = side;
    button.addEventListener("click", () => { timeline.side = side; wholeTimeline(); });
    byId("timeline-sides").append(button);
  }
  const canvas = byId("timeline-canvas");
  canvas.addEventListener("pointerdown", (event) => { timeline.drag = [event.offsetX, event.offsetX]; canvas.setPointerCapture(event.pointerId); });
  canvas.addEventListener("pointermove", onTimelineMove);
  canvas.addEventListener("pointerup", onTimelineUp);
  canvas.addEventListener("pointercancel", () => { timeline.drag = null; drawTimeline(); });
  canvas.addEventListener("pointerleave", () => { byId("tip").hidden = true; });
  canvas.addEventListener("keydown", onTimelineKey);
  byId("timeline-in").addEventListener("click", () => zoomTimeline(.5));
  byId("timeline-out").addEventListener("click", () => zoomTimeline(2));
  byId("timeline-all").addEventListener("click", wholeTimeline);
  byId("timeline-shortest").addEventListener("input", drawTimeline);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => { timeline.palette = {}; drawTimeline(); });
  wholeTimeline();
}

function wholeTimeline() {
  timeline.end = Math.max(1, ...chunked(spans()));
  [timeline.from, timeline.to] = [0, timeline.end];
  for (const button of byId("timeline-sides").children) button.setAttribute("aria-pressed", button.dataset.side === timeline.side);
  drawTimeline();
}

/** Ends of all spans, few at a time: a call takes only so many arguments. */
function chunked(all) {
  const ends = [];
  for (let at = 0; at < all.length; at += 1000) ends.push(Math.max(...all.slice(at, at + 1000).map((span) => span[2])));
  return ends;
}

function zoomTimeline(factor, shift = 0) {
  const length = Math.min(timeline.end, Math.max(1, (timeline.to - timeline.from) * factor));
  const middle = (timeline.from + timeline.to) / 2 + shift * length;
  timeline.from = Math.max(0, Math.min(timeline.end - length, middle - length / 2));
  timeline.to = timeline.from + length;
  drawTimeline();
}

function onTimelineKey(event) {
  const keys = { "+": [.5, 0], "=": [.5, 0], "-": [2, 0], ArrowLeft: [1, -.2], ArrowRight: [1, .2] };
  if (event.key === "Escape") return wholeTimeline();
  if (!(event.key in keys)) return undefined;
  event.preventDefault();
  return zoomTimeline(...keys[event.key]);
}

/** Nobody needs the shortest actions to a millisecond: the slider is steep at its end. */
function shortestShown() {
  const part = Number(byId("timeline-shortest").value) / 100;
  return part === 0 ? 0 : Math.round(timeline.end * part ** 3 * .5);
}

function onTimelineMove(event) {
  if (timeline.drag) {
    timeline.drag[1] = event.offsetX;
    drawTimeline();
  }
  const span = spanAt(event.offsetX, event.offsetY);
  const tip = byId("tip");
  tip.hidden = span === null || timeline.drag !== null;
  if (tip.hidden) return;
  const row = data.rows[span[3]];
  const causes = (row.causes || []).slice(0, 3).map((cause) => `\n${cause + 1} ${data.causes[cause]}`);
  tip.textContent = `${nameOf(row)}\n${outcomeOf(row).label}${row.same_output ? ", same output" : ""}, ${milliseconds(span[2] - span[1])} from ${milliseconds(span[1])}${causes.join("")}`;
  const box = tip.getBoundingClientRect();
  tip.style.left = `${Math.max(4, Math.min(event.clientX + 12, innerWidth - box.width - 8))}px`;
  tip.style.top = `${event.clientY + box.height + 24 > innerHeight ? event.clientY - box.height - 10 : event.clientY + 16}px`;
}

function onTimelineUp(event) {
  const [start, end] = timeline.drag || [0, 0];
  timeline.drag = null;
  const width = byId("timeline-canvas").clientWidth;
  if (Math.abs(end - start) > 6) {
    const time = (x) => timeline.from + ((timeline.to - timeline.from) * Math.max(0, Math.min(width, x))) / width;
    const [from, to] = [time(Math.min(start, end)), time(Math.max(start, end))];
    [timeline.from, timeline.to] = [from, Math.max(to, from + 1)];
    return drawTimeline();
  }
  const span = spanAt(event.offsetX, event.offsetY);
  drawTimeline();
  if (span === null) return undefined;
  if (!table.shown.includes(span[3])) clearPicked();
  return pickRow(span[3]);
}

function spanAt(x, y) {
  const lane = Math.floor((y - AXIS) / LANE);
  const scale = (timeline.to - timeline.from) / byId("timeline-canvas").clientWidth;
  const [time, slack] = [timeline.from + x * scale, scale];
  let best = null;
  for (const span of spans()) {
    if (span[0] !== lane || span[1] - slack > time || span[2] + slack < time) continue;
    if (span[2] - span[1] < timeline.shortest) continue;
    if (best === null || span[2] - span[1] < best[2] - best[1]) best = span;
  }
  return best;
}

const OUTCOME_COLORS = {
  miss: "--miss", changed: "--miss", changed_but_found: "--found", ran_with_equal_key: "--equal",
  hit: "--hit", same: "--hit", only_first: "--only-first", only_second: "--only-second",
};

function color(name) {
  if (!(name in timeline.palette)) timeline.palette[name] = getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  return timeline.palette[name];
}

function drawTimeline() {
  if (byId("timeline").hidden) return;
  const canvas = byId("timeline-canvas");
  const width = canvas.clientWidth;
  const lanes = spans().reduce((most, span) => Math.max(most, span[0] + 1), 1);
  const height = AXIS + lanes * LANE + 6;
  const ratio = window.devicePixelRatio || 1;
  [canvas.width, canvas.height] = [Math.round(width * ratio), Math.round(height * ratio)];
  canvas.style.height = `${height}px`;
  const pen = canvas.getContext("2d");
  pen.scale(ratio, ratio);
  timeline.shortest = shortestShown();
  byId("timeline-shortest-value").textContent = milliseconds(timeline.shortest);
  const x = (time) => ((time - timeline.from) / (timeline.to - timeline.from)) * width;
  drawAxis(pen, x, width, height);
  const [drawn, dropped] = [new Set(), new Set()];
  for (const span of spans()) {
    const row = data.rows[span[3]];
    if (row === undefined) continue;
    const isShort = span[2] - span[1] < timeline.shortest;
    (isShort ? dropped : drawn).add(span[3]);
    if (isShort) continue;
    if (span[2] < timeline.from || span[1] > timeline.to) continue;
    const left = Math.max(-2, x(span[1]));
    drawSpan(pen, row, left, AXIS + span[0] * LANE, Math.max(1, Math.min(width + 2, x(span[2])) - left));
  }
  if (timeline.drag) {
    pen.fillStyle = color("--accent");
    pen.globalAlpha = .2;
    pen.fillRect(Math.min(...timeline.drag), 0, Math.abs(timeline.drag[1] - timeline.drag[0]), height);
    pen.globalAlpha = 1;
  }
  describeTimeline(lanes, drawn.size, [...dropped].filter((row) => !drawn.has(row)).length);
}

function describeTimeline(lanes, drawn, dropped) {
  let text = `${plural(drawn, "action")} of the ${timeline.side} build on ${plural(lanes, "worker")}, from ${milliseconds(timeline.from)} to ${milliseconds(timeline.to)}`;
  if (dropped > 0) text += `; ${counted(dropped)} shorter ones hidden`;
  text += ". Drag to zoom.";
  if (data.rows.some((row) => row.same_output)) text += " Hatched: to the same output.";
  if (timeline.side === "first") text += " The colours are of what became of each action in the second build.";
  byId("timeline-note").textContent = text;
}

function drawAxis(pen, x, width, height) {
  const wanted = ((timeline.to - timeline.from) / width) * 90;
  const step = STEPS.find((one) => one >= wanted) || STEPS[STEPS.length - 1] * Math.ceil(wanted / STEPS[STEPS.length - 1]);
  pen.font = `12px ${getComputedStyle(document.body).fontFamily}`;
  pen.textBaseline = "middle";
  for (let time = Math.ceil(timeline.from / step) * step; time <= timeline.to; time += step) {
    const at = Math.round(x(time)) + .5;
    pen.fillStyle = color("--line");
    pen.fillRect(at, AXIS - 4, 1, height - AXIS);
    pen.fillStyle = color("--dim");
    const text = milliseconds(time);
    if (at + pen.measureText(text).width + 4 < width) pen.fillText(text, at + 3, AXIS / 2);
  }
}

function drawSpan(pen, row, left, top, width) {
  const faded = (state.cause !== null && !hasCause(row, state.cause)) || !passesOutcome(row) || !matches(row);
  pen.globalAlpha = faded ? .15 : 1;
  pen.fillStyle = color(OUTCOME_COLORS[outcomeOf(row).name]);
  const gap = width > 3 ? .6 : 0;
  pen.fillRect(left, top + 1, width - gap, LANE - 3);
  if (row.same_output && width > 3) hatch(pen, left, top + 1, width - gap, LANE - 3);
  if (width > 60 && !faded) {
    pen.save();
    pen.beginPath();
    pen.rect(left, top, width - 4, LANE);
    pen.clip();
    pen.fillStyle = color(textColor(outcomeOf(row).name));
    pen.font = `11px ${getComputedStyle(document.body).fontFamily}`;
    pen.fillText(row.package, left + 4, top + LANE / 2);
    pen.restore();
  }
  pen.globalAlpha = 1;
}

/** On light colours the dark one of page and ink, on dark ones the other. */
function textColor(outcome) {
  const isDarkPage = matchMedia("screen and (prefers-color-scheme: dark)").matches;
  const isGrey = ["hit", "same"].includes(outcome);
  if (isDarkPage) return isGrey ? "--ink" : "--page";
  return isGrey || ["ran_with_equal_key", "changed_but_found"].includes(outcome) ? "--ink" : "--page";
}

function hatch(pen, left, top, width, height) {
  pen.save();
  pen.beginPath();
  pen.rect(left, top, width, height);
  pen.clip();
  pen.strokeStyle = color("--page");
  pen.globalAlpha *= .45;
  pen.lineWidth = 1.5;
  pen.beginPath();
  for (let at = left - height; at < left + width; at += 6) {
    pen.moveTo(at, top + height);
    pen.lineTo(at + height, top);
  }
  pen.stroke();
  pen.restore();
}
