// Files that somebody drops, picks or pastes: read here, in the page, and never sent anywhere.

const MOST_TEXT_BYTES = 4 * 1024 * 1024; // of a configuration or a scenario, as limits.py has it
const MOST_CAPTURE_BYTES = 64 * 1024 * 1024;
const MOST_DROPPED = 200;
const MOST_LOOKED_AT = 5000; // in the folders of a drop: who drops a whole disk is told so, not waited for
const CAPTURE_NAMES = /\.(pcap|pcapng|cap)$/i;
// How captures begin: pcap in both orders of bytes, with micro- and nanoseconds, and pcapng.
const CAPTURE_BEGINNINGS = ["d4c3b2a1", "a1b2c3d4", "4d3cb2a1", "a1b23c4d", "0a0d0d0a"];
const IN_FOLDERS = /(\.(conf|ya?ml|pcap|pcapng|cap)|keepalived\.conf[^/]*)$/i;
const PASTED_DIVIDER = /^#[ \t]*-{3,}[ \t]*(\S+)[ \t]*$/m;

/** @typedef {{name: string, text?: string, capture?: string, included?: boolean}} Dropped a text, or a capture's bytes in base64; `included`: another file is known to include it */

/**
 * The files of a drop, folders gone through.
 * @param {DataTransfer} transfer
 * @returns {Promise<Dropped[]>}
 */
export async function readDrop(transfer) {
  // What is dropped can be asked for only now, before anything is waited for.
  const entries = [...transfer.items].filter((one) => one.kind === "file").map((one) => one.webkitGetAsEntry?.() ?? one.getAsFile());
  const text = entries.length ? "" : transfer.getData("text/plain");
  if (text) return splitPaste(text);
  /** @type {{file: File, name: string}[]} */
  const found = [];
  const seen = { left: MOST_LOOKED_AT };
  for (const entry of entries) {
    if (entry instanceof File) found.push({ file: entry, name: entry.name });
    else if (entry) await walkEntry(entry, "", found, seen);
  }
  if (entries.length && !found.length) throw new Error("In this folder is no .conf file, no scenario (.yaml) and no capture.");
  return readAll(found);
}

/**
 * @param {Iterable<File>} files
 * @returns {Promise<Dropped[]>}
 */
export function readPicked(files) {
  return readAll([...files].map((file) => ({ file, name: file.webkitRelativePath || file.name })));
}

/**
 * A text that is pasted: one file, or several with a line "# ---- NAME" before each.
 * @param {string} text
 * @returns {Dropped[]}
 */
export function splitPaste(text) {
  const parts = text.split(PASTED_DIVIDER);
  const found = parts[0].trim() ? [{ name: pastedName(parts[0]), text: parts[0] }] : [];
  for (let n = 1; n < parts.length; n += 2) found.push({ name: parts[n], text: parts[n + 1].replace(/^\n/, "") });
  return found;
}

/** @param {string} text */
function pastedName(text) {
  return /^(servers|segments):/m.test(text) ? "pasted.yaml" : "keepalived.conf";
}

/**
 * @param {FileSystemEntry} entry
 * @param {string} folder
 * @param {{file: File, name: string}[]} found
 * @param {{left: number}} seen how many entries may still be looked at
 */
async function walkEntry(entry, folder, found, seen) {
  const name = folder ? `${folder}/${entry.name}` : entry.name;
  if (found.length > MOST_DROPPED) return;
  if (seen.left-- <= 0) throw new Error(`In these folders are more than ${MOST_LOOKED_AT} files: give the files of one cluster.`);
  if (entry.isFile) {
    if (folder && !IN_FOLDERS.test(name)) return;
    const file = await new Promise((done, failed) => /** @type {FileSystemFileEntry} */ (entry).file(done, failed));
    found.push({ file, name });
    return;
  }
  const reader = /** @type {FileSystemDirectoryEntry} */ (entry).createReader();
  for (;;) { // a folder is told in parts
    /** @type {FileSystemEntry[]} */
    const part = await new Promise((done, failed) => reader.readEntries(done, failed));
    if (!part.length) return;
    for (const one of part) await walkEntry(one, name, found, seen);
  }
}

/**
 * @param {{file: File, name: string}[]} files
 * @returns {Promise<Dropped[]>}
 */
async function readAll(files) {
  if (files.length > MOST_DROPPED) throw new Error(`These are more than ${MOST_DROPPED} files: give those of one cluster.`);
  const read = [];
  for (const { file, name } of files) read.push(await readOne(file, name));
  return read;
}

/**
 * @param {File} file
 * @param {string} name
 * @returns {Promise<Dropped>}
 */
async function readOne(file, name) {
  const head = [...new Uint8Array(await file.slice(0, 4).arrayBuffer())].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  const isCapture = CAPTURE_BEGINNINGS.includes(head) || CAPTURE_NAMES.test(name);
  const [most, what] = isCapture ? [MOST_CAPTURE_BYTES, "a capture"] : [MOST_TEXT_BYTES, "a configuration"];
  if (file.size > most) throw new Error(`${name} is larger than ${most / 1024 / 1024} MiB, the most for ${what} here.`);
  if (/^(fffe|feff)/.test(head)) throw new Error(`${name} is UTF-16 text, of which keepalived reads no word: save it as UTF-8.`);
  if (isCapture) return { name, capture: await inBase64(file) };
  return { name, text: new TextDecoder("utf-8", { ignoreBOM: true }).decode(await file.arrayBuffer()) };
}

/**
 * @param {Blob} file
 * @returns {Promise<string>}
 */
function inBase64(file) {
  return new Promise((done, failed) => {
    const reader = new FileReader();
    reader.onload = () => done(String(reader.result).replace(/^[^,]*,/, ""));
    reader.onerror = () => failed(new Error("The capture cannot be read."));
    reader.readAsDataURL(file);
  });
}
