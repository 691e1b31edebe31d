// The pictures: what is under the pointer, and a way through them with the keys.

const pictures = [...document.querySelectorAll("#pictures .map")];
const tiles = new Map();
for (const picture of pictures) {
  for (const tile of picture.querySelectorAll(".tile")) {
    const number = Number(tile.dataset.i);
    if (!tiles.has(number)) tiles.set(number, []);
    tiles.get(number).push(tile);
  }
}
const tilesOf = (number) => tiles.get(number) || [];
const nameOf = (row) => cell(row, "package");

function describe(row) {
  const [kind, set] = [cell(row, "kind"), cell(row, "set")];
  const files = Number(row.dataset.files);
  const used = cell(row, "used");
  return [
    `${nameOf(row)}`,
    `${cell(row, "module")}`,
    `${kind}${set ? `, ${set}` : ""}`,
    `${cell(row, "bytes")} (${cell(row, "share")}) in ${files.toLocaleString("en-US")} file${files === 1 ? "" : "s"}${used === "-" ? "" : `, used ${used}`}`,
  ];
}

function showTip(row, x, y) {
  const tip = byId("tip");
  tip.textContent = describe(row).join("\n");
  tip.hidden = false;
  const box = tip.getBoundingClientRect();
  tip.style.left = `${Math.max(4, Math.min(x + 14, innerWidth - box.width - 4))}px`;
  tip.style.top = `${y + 18 + box.height > innerHeight ? Math.max(4, y - box.height - 10) : y + 18}px`;
}

const hideTip = () => { byId("tip").hidden = true; };

/** Marks the tile that the keys are at. */
function moveTo(picture, tile) {
  const row = rows[tile.dataset.i];
  picture.current = tile;
  let cursor = picture.querySelector(".cursor");
  if (!cursor) {
    cursor = document.createElementNS("http://www.w3.org/2000/svg", "rect");
    cursor.setAttribute("class", "cursor");
    picture.append(cursor);
  }
  for (const name of ["x", "y", "width", "height"]) cursor.setAttribute(name, tile.getAttribute(name));
  byId("tile").textContent = describe(row).join(" · ");
  const box = tile.getBoundingClientRect();
  showTip(row, box.left + box.width / 2, box.top + box.height / 2);
}

const middle = (tile) => {
  const at = (name) => Number(tile.getAttribute(name));
  return [at("x") + at("width") / 2, at("y") + at("height") / 2];
};

/** The next tile in a direction: the nearest, one straight ahead before one aside. */
function neighbour(picture, dx, dy) {
  const [x, y] = middle(picture.current);
  let [best, least] = [null, Infinity];
  for (const tile of picture.querySelectorAll(".tile:not(.faded)")) {
    const [u, v] = middle(tile);
    const ahead = (u - x) * dx + (v - y) * dy;
    const aside = Math.abs((u - x) * dy + (v - y) * dx);
    if (tile === picture.current || ahead <= 0.01) continue;
    const far = ahead + 2 * aside;
    if (far < least) [best, least] = [tile, far];
  }
  return best;
}

const WAYS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

function onKey(event) {
  const picture = event.currentTarget;
  const left = picture.querySelectorAll(".tile:not(.faded)");
  const bySize = [...left].sort((one, other) => one.dataset.i - other.dataset.i);
  if (event.key === "Escape") return clearPicked();
  if (bySize.length === 0) return undefined;
  if (event.key === "Enter") return togglePackage(rows[picture.current.dataset.i]);
  const next = { Home: bySize[0], End: bySize.at(-1) }[event.key] || (WAYS[event.key] && neighbour(picture, ...WAYS[event.key]));
  if (next) moveTo(picture, next);
  if (WAYS[event.key] || next) event.preventDefault();
  return undefined;
}

/** Searches for the module of a tile; once more, shows all. */
function togglePackage(row) {
  const module = cell(row, "module");
  searchFor(byId("search").value === module ? "" : module);
}

function clearPicked() {
  if (state.picked) pick(state.picked);
  searchFor("");
}

function buildPictures() {
  for (const picture of pictures) {
    picture.setAttribute("tabindex", "0");
    picture.setAttribute("aria-label", `${picture.getAttribute("aria-label")}. Arrow keys move, Enter picks the module, Escape shows all.`);
    for (const title of picture.querySelectorAll("title")) title.remove();
    picture.addEventListener("pointermove", (event) => {
      const tile = event.target.closest(".tile");
      if (tile) showTip(rows[tile.dataset.i], event.clientX, event.clientY);
      else hideTip();
    });
    picture.addEventListener("pointerleave", hideTip);
    picture.addEventListener("click", (event) => {
      const tile = event.target.closest(".tile");
      if (tile) togglePackage(rows[tile.dataset.i]);
    });
    picture.addEventListener("focus", () => moveTo(picture, picture.current || picture.querySelector(".tile[data-i='0']") || picture.querySelector(".tile")));
    picture.addEventListener("blur", () => { hideTip(); picture.querySelector(".cursor")?.remove(); });
    picture.addEventListener("keydown", onKey);
  }
}
