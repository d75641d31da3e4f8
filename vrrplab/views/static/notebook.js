// The notebook around a player: JupyterLab scrolls to the next cell before this one's output is there.

const LOOKS_MS = [100, 400, 1000]; // outputs above are cleared and filled meanwhile

/**
 * Whoever has just run the cell of this player sees its cluster; who reads elsewhere, or scrolls, is not disturbed.
 * @param {HTMLElement} root
 * @param {() => HTMLElement | undefined} stage the cluster in it
 */
export function bringIntoView(root, stage) {
  let free = false;
  const leave = () => void (free = true);
  for (const name of ["wheel", "pointerdown", "touchstart"]) window.addEventListener(name, leave, { once: true, passive: true, capture: true });
  for (const wait of LOOKS_MS) window.setTimeout(() => free || show(root, stage()), wait);
}

/**
 * @param {HTMLElement} root
 * @param {HTMLElement | undefined} stage
 */
function show(root, stage) {
  const cell = root.closest(".jp-Cell");
  const active = cell?.parentElement?.querySelector(":scope > .jp-Cell.jp-mod-active");
  const scroller = root.closest(".jp-WindowedPanel-outer");
  if (!cell || !stage || !active || !scroller || (active !== cell && active.previousElementSibling !== cell)) return;
  const view = scroller.getBoundingClientRect();
  const above = root.getBoundingClientRect().top - view.top;
  const below = stage.getBoundingClientRect().bottom - view.bottom;
  // Down until the cluster is whole, but never so far that its title and play leave; up where they have left.
  if (above < 0) scroller.scrollTop += above;
  else if (below > 0) scroller.scrollTop += Math.min(above, below + 8);
  // But the words of the tour are seen, or who has a small screen would not know why all is dim.
  const card = root.querySelector(".vl-tour:not([hidden])")?.getBoundingClientRect();
  if (card && card.bottom > view.bottom) scroller.scrollTop += card.bottom - view.bottom + 4;
}

/**
 * Between which heights of the window this player can be seen: JupyterLab has bars above and below the notebook.
 * @param {HTMLElement} root
 */
export function seenBetween(root) {
  const box = root.closest(".jp-WindowedPanel-outer")?.getBoundingClientRect();
  return { top: Math.max(0, box?.top ?? 0), bottom: Math.min(window.innerHeight, box?.bottom ?? Infinity) };
}
