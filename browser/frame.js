// The page in a frame of somebody else's page: only the cluster, as high as it needs.

/** @param {boolean} embedded */
export function settleInFrame(embedded) {
  if (!embedded) return;
  document.documentElement.classList.add("embedded");
  if (window.parent === window) return;
  // To anybody: a height is no secret, and who holds the frame is not known.
  const tell = () => window.parent.postMessage({ vrrplab: { height: Math.ceil(document.body.getBoundingClientRect().height) } }, "*");
  new ResizeObserver(tell).observe(document.body);
}
