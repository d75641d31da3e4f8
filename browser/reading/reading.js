// What moves on a page that is read: the contents at its side, the search, and the films when they come into view.
import { Films } from "./films.js";
import { Search } from "./search.js";

const root = document.body.dataset.root || "";

// Where there is room the contents are open.
const contents = document.querySelector(".side details");
if (contents instanceof HTMLDetailsElement) contents.open = matchMedia("(min-width: 60rem)").matches;

// A link may lead into something that is folded.
function unfold() {
  const target = location.hash && document.getElementById(decodeURIComponent(location.hash.slice(1)));
  for (let at = target && target.parentElement; at; at = at.parentElement) if (at instanceof HTMLDetailsElement) at.open = true;
}
addEventListener("hashchange", unfold);
unfold();

new Search(root);
new Films(root);
