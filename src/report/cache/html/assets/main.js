// Ties the parts together; an empty cache has none.

if (byId("map")) {
  byId("find").hidden = false;
  byId("tile").hidden = false;
  byId("tile").textContent = pictures.length ? "Point at a rectangle, or go through them with the arrow keys; a click leaves its module." : "";
  buildColumns();
  buildLegends();
  buildPictures();
  byId("search").addEventListener("input", (event) => searchFor(event.target.value));
  byId("clear").addEventListener("click", clearPicked);
  for (const radio of document.querySelectorAll("input[name='colour']")) {
    // A colour of another legend says nothing of this one.
    radio.addEventListener("change", () => { if (state.picked) pick(state.picked); });
  }
  filter();
}
