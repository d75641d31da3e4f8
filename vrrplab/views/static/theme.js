// Light or dark: JupyterLab and VS Code say which theme they have; elsewhere the system does.

/**
 * Keeps the class "vl-dark" of `root` right and calls `changed` after each change; returns what stops it.
 * @param {HTMLElement} root
 * @param {() => void} changed
 */
export function watchTheme(root, changed) {
  const system = window.matchMedia("(prefers-color-scheme: dark)");
  const apply = () => {
    const lab = document.body.dataset.jpThemeLight;
    const code = document.body.dataset.vscodeThemeKind;
    const dark = lab ? lab === "false" : code ? !code.includes("light") : system.matches;
    if (root.classList.contains("vl-dark") === dark) return;
    root.classList.toggle("vl-dark", dark);
    changed();
  };
  apply();
  system.addEventListener("change", apply);
  const watcher = new MutationObserver(apply);
  watcher.observe(document.body, { attributes: true, attributeFilter: ["data-jp-theme-light", "data-jp-theme-name", "data-vscode-theme-kind"] });
  return () => {
    system.removeEventListener("change", apply);
    watcher.disconnect();
  };
}
