// The search: every section of every page, looked through here; the list of them is fetched when somebody types.
const MOST = 12;
const AROUND = 90; // characters shown on each side of what was found

/** @typedef {[page: string, heading: string, link: string, words: string]} Section */

export class Search {
  /** @type {Promise<Section[]> | undefined} */
  sections;

  /** @param {string} root from this page to the site's own folder */
  constructor(root) {
    this.root = root;
    this.input = /** @type {HTMLInputElement} */ (document.getElementById("find"));
    this.list = /** @type {HTMLElement} */ (document.getElementById("found"));
    this.input.addEventListener("input", () => this.look());
    this.input.form?.addEventListener("submit", (event) => {
      event.preventDefault();
      this.list.querySelector("a")?.focus();
    });
    this.input.addEventListener("keydown", (event) => {
      if (event.key !== "Escape") return;
      this.input.value = "";
      this.look();
    });
  }

  async look() {
    const asked = this.input.value.trim().toLowerCase();
    const words = asked.split(/\s+/).filter((word) => word.length > 1);
    this.list.hidden = !words.length;
    if (!words.length) return this.list.replaceChildren();
    this.sections ||= fetch(`${this.root}reading/search.json`).then((answer) => answer.json());
    let sections;
    try {
      sections = await this.sections;
    } catch {
      this.sections = undefined;
      this.list.textContent = "The list of pages could not be fetched.";
      return;
    }
    if (asked !== this.input.value.trim().toLowerCase()) return; // typed on meanwhile
    this.show(words, sections);
  }

  /**
   * @param {string[]} words
   * @param {Section[]} sections
   */
  show(words, sections) {
    const found = [];
    for (const section of sections) {
      const [page, heading, , text] = section;
      const head = heading.toLowerCase();
      const whole = `${page} ${heading} ${text}`.toLowerCase();
      if (!words.every((word) => whole.includes(word))) continue;
      const inHead = words.filter((word) => head.includes(word)).length;
      found.push({ section, worth: inHead * 10 + Math.min(9, whole.split(words[0]).length) });
    }
    found.sort((a, b) => b.worth - a.worth);
    const told = document.createElement("p");
    told.textContent = found.length ? `${found.length} sections${found.length > MOST ? `, the first ${MOST}` : ""}` : "Nothing has all these words.";
    const list = document.createElement("ol");
    for (const { section: [page, heading, link, text] } of found.slice(0, MOST)) {
      const item = document.createElement("li");
      const a = document.createElement("a");
      a.href = this.root + link;
      a.textContent = heading === page ? page : `${page}: ${heading}`;
      const at = Math.max(0, text.toLowerCase().indexOf(words[0]) - AROUND);
      const words_around = document.createElement("span");
      words_around.textContent = `${at ? "…" : ""}${text.slice(at, at + 2 * AROUND)}…`;
      item.append(a, words_around);
      list.append(item);
    }
    this.list.replaceChildren(told, list);
  }
}
