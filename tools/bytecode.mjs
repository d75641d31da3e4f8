// Compiles the package to byte code in the same Pyodide that will run it, and asks it whether it works.
//
//   node tools/bytecode.mjs RUNTIME APP.zip [SOURCES.zip]    compiles SOURCES.zip to APP.zip, if they are given; prints as
//       JSON the SHA-256 of the trace that APP.zip answers each line of stdin with, or what it says instead
//
// Without its sources the package starts in a third of the time. `tools/site_build.py` compares the answers with its own.
import { createHash } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";
import { pathToFileURL } from "node:url";
import { resolve } from "node:path";
import { text } from "node:stream/consumers";

const COMPILE = `
import importlib.util, pathlib, types, zipfile

# A file's hash is never looked at again: there is no source.
HEAD = importlib.util.MAGIC_NUMBER + (1).to_bytes(4, "little") + bytes(8)

def bare(code):
    """Without the table of lines, a third of all bytes: what went wrong is told in a sentence, never by its line."""
    consts = tuple(bare(one) if isinstance(one, types.CodeType) else one for one in code.co_consts)
    return code.replace(co_linetable=b"", co_consts=consts)

def compiled(path):
    import marshal

    # Asserts and docstrings are left out, too.
    code = compile(path.read_bytes(), f"/app/{path.relative_to(root)}", "exec", dont_inherit=True, optimize=2)
    return HEAD + marshal.dumps(bare(code))

root = pathlib.Path("/sources")
with zipfile.ZipFile("/app.zip", "w") as archive:
    for path in sorted(root.rglob("*")):
        name = str(path.relative_to(root))
        code = path.suffix == ".py"
        entry = zipfile.ZipInfo(f"{name}c" if code else f"{name}/" if path.is_dir() else name, (1980, 1, 1, 0, 0, 0))
        archive.writestr(entry, compiled(path) if code else b"" if path.is_dir() else path.read_bytes())
`;

/** Python as it starts in the page: nothing but what lies in the folder, and a lock without a package. */
async function start(folder) {
  const { loadPyodide } = await import(pathToFileURL(resolve(folder, "pyodide.mjs")));
  const { info } = JSON.parse(await readFile(resolve(folder, "pyodide-lock.json"), "utf8"));
  return loadPyodide({ indexURL: resolve(folder), lockFileContents: { info, packages: {} } });
}

const [runtime, app, sources] = process.argv.slice(2);
try {
  if (sources) {
    const compiler = await start(runtime);
    compiler.unpackArchive(new Uint8Array(await readFile(sources)), "zip", { extractDir: "/sources" });
    compiler.runPython(COMPILE);
    await writeFile(app, compiler.FS.readFile("/app.zip"));
  }
  const python = await start(runtime);
  python.unpackArchive(new Uint8Array(await readFile(app)), "zip", { extractDir: "/app" });
  python.runPython("import sys; sys.path.insert(0, '/app')");
  const answer = python.pyimport("vrrplab.page.answer").answer;
  const heard = (question) => {
    const { trace_lines: trace, ...told } = JSON.parse(answer(question));
    return trace === undefined ? told : createHash("sha256").update(trace).digest("hex");
  };
  console.log(JSON.stringify((await text(process.stdin)).split("\n").filter(Boolean).map(heard)));
} catch (error) {
  // Node would print the whole module in which it was thrown, a line of a megabyte.
  console.error(String(error.message ?? error).trim().split("\n").slice(-3).join("\n"));
  process.exit(1);
}
