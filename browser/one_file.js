// The page as one file: what a server would give is packed in it. Unpacks it, and begins.

const ADDRESS = "https://vrrplab.invalid/"; // nothing is there: what would be asked for is in the file

/** @param {string} name */
const unpackPart = async (name) => {
  const packed = Uint8Array.from(atob(document.getElementById(`part-${name}`)?.textContent ?? ""), (c) => c.charCodeAt(0));
  return new Response(new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip"))).arrayBuffer();
};
/** @param {ArrayBuffer} script */
const blobOf = (script) => URL.createObjectURL(new Blob([script], { type: "text/javascript" }));

try {
  const [page, worker] = await Promise.all([unpackPart("app.js"), unpackPart("worker.js")]);
  const { lock, bytes } = JSON.parse(document.getElementById("build")?.textContent ?? "");
  const names = ["pyodide.mjs", "pyodide.asm.mjs", "pyodide.asm.wasm", "python_stdlib.zip", "app.zip"];
  /** @type {any} */ (globalThis).vrrplabHome = {
    worker: () => new Worker(blobOf(worker)),
    async start() {
      const parts = await Promise.all(names.map(unpackPart));
      const held = Object.fromEntries(names.map((name, n) => [name, parts[n]]));
      return { start: { folder: ADDRESS, app: `${ADDRESS}app.zip`, key: "", lock, bytes, held }, held: parts };
    },
  };
  await import(blobOf(page));
} catch (error) {
  const words = "This browser cannot play the file (it needs one of 2023 or newer): ";
  document.getElementById("player")?.append(words + (error instanceof Error ? error.message : error));
}
