// Python in a worker of its own: one message starts it, each further one is a question that gets one answer.
//
// It is a module where a server gives it, and a classic script in the one file that runs without any.

const HERE = "/app";
const MEMORY = "vrrplab-memory-"; // and the build's key: the place in the browser's storage where a started Python is kept
const STARTED = "started"; // its name there

/** @type {((question: string, howFar: (share: number) => void) => string) | undefined} */
let answer;

/**
 * @typedef {object} Start
 * @property {string} folder where Pyodide lies
 * @property {string} app the packed package
 * @property {string} key names this build; "": nothing is kept in this browser
 * @property {object} lock Pyodide's list of packages, which is empty
 * @property {number} bytes how much is fetched in all
 * @property {Record<string, ArrayBuffer>} [held] the files themselves, by name, where there is no server
 */

self.onmessage = async ({ data }) => {
  if (data.start) {
    try {
      const how = await start(data.start);
      self.postMessage({ ready: how });
    } catch (error) {
      self.postMessage({ failed: String(error instanceof Error ? error.message : error) });
    }
  } else if (answer) {
    const { id, question } = data;
    try {
      self.postMessage({ id, told: answer(question, (share) => self.postMessage({ id, share })) });
    } catch { // Python tells its own errors in an answer: this is the end of Python, by too little memory or too deep a call
      self.postMessage({ id, broken: true });
    }
  }
};

/**
 * Starts Python, from the memory that this browser kept or from the beginning; says which.
 * @param {Start} from
 */
async function start(from) {
  const modules = from.held ? lend(from.held) : { main: `${from.folder}pyodide.mjs`, machine: `${from.folder}pyodide.asm.mjs` };
  count(from.bytes);
  const [{ loadPyodide }, { default: create }, kept, archive] = await Promise.all([
    import(modules.main),
    import(modules.machine),
    recall(from.key),
    fetch(from.app).then((response) => (response.ok ? response.arrayBuffer() : Promise.reject(new Error(`${response.status} ${from.app}`)))),
  ]);
  /** @param {object} settings */
  const roomy = async (settings) => {
    const made = await create(settings);
    // Python's memory may have grown before it was kept, and Pyodide puts it back only where there is room.
    if (kept && kept.byteLength > made.HEAP8.byteLength) made.growMemory(kept.byteLength);
    return made;
  };
  /** @type {Record<string, unknown>} */
  const options = { indexURL: from.folder, stdLibURL: `${from.folder}python_stdlib.zip`, lockFileContents: from.lock, createPyodideModule: roomy };
  let warm = Boolean(kept);
  let python;
  try {
    python = await loadPyodide({ ...options, ...(kept ? { _loadSnapshot: kept } : { _makeSnapshot: Boolean(from.key) }) });
  } catch (error) {
    if (!kept) throw error;
    // What was kept does not fit, whatever the reason: it is made again.
    warm = false;
    await forget(from.key);
    python = await loadPyodide({ ...options, _makeSnapshot: true });
  }
  python.unpackArchive(archive, "zip", { extractDir: HERE });
  if (!warm) {
    // What is imported now is in the memory that is kept, and the first question finds it.
    python.runPython(`import sys; sys.path.insert(0, "${HERE}"); from vrrplab.page.answer import warm; warm()`);
    if (from.key) keep(from.key, python);
  }
  python.runPython("import random; random.seed()"); // a memory that was kept would draw the same each time
  answer = python.pyimport("vrrplab.page.answer").answer;
  return warm ? "warm" : "cold";
}

/**
 * Lets Pyodide find what has no address: its modules as blobs, the rest by their names.
 * @param {Record<string, ArrayBuffer>} held
 */
function lend(held) {
  // Pyodide refuses to start in a classic worker, and browsers refuse a module worker in a file.
  Object.defineProperty(self, "importScripts", { value: undefined });
  const asked = self.fetch.bind(self);
  self.fetch = async (what, options) => {
    const name = String(what instanceof Request ? what.url : what).split("/").at(-1) ?? "";
    if (!(name in held)) return asked(what, options);
    return new Response(held[name], { headers: { "Content-Type": name.endsWith(".wasm") ? "application/wasm" : "application/zip" } });
  };
  /** @param {string} name */
  const module = (name) => URL.createObjectURL(new Blob([held[name]], { type: "text/javascript" }));
  return { main: module("pyodide.mjs"), machine: module("pyodide.asm.mjs") };
}

/**
 * Tells the page how much of what is fetched is here.
 * @param {number} bytes
 */
function count(bytes) {
  const asked = self.fetch.bind(self);
  let done = 0;
  self.fetch = async (what, options) => {
    const response = await asked(what, options);
    if (!response.body) return response;
    const counted = response.body.pipeThrough(new TransformStream({
      transform(chunk, on) {
        done += chunk.byteLength;
        self.postMessage({ progress: Math.min(1, done / bytes) });
        on.enqueue(chunk);
      },
    }));
    return new Response(counted, { status: response.status, statusText: response.statusText, headers: response.headers });
  };
}

/** @param {string} key */
async function storage(key) {
  return key && self.caches ? self.caches.open(MEMORY + key).catch(() => null) : null;
}

/** @param {string} key */
async function recall(key) {
  try {
    const kept = await (await storage(key))?.match(STARTED);
    return kept ? new Uint8Array(await kept.arrayBuffer()) : null;
  } catch {
    return null;
  }
}

/** @param {string} key */
async function forget(key) {
  await (await storage(key))?.delete(STARTED).catch(() => false);
}

/**
 * Keeps Python's memory as it is now. A browser that has no room, or a memory that has grown, keeps nothing.
 * @param {string} key
 * @param {any} python
 */
function keep(key, python) {
  try {
    const memory = python.makeMemorySnapshot();
    storage(key).then((place) => place?.put(STARTED, new Response(memory))).catch(() => {});
    self.caches?.keys().then((names) => names.filter((name) => name.startsWith(MEMORY) && name !== MEMORY + key).map((name) => self.caches.delete(name))).catch(() => {});
  } catch { /* then the next visit starts from the beginning, too */ }
}
