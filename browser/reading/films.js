// Films on a page that is read: a picture until it comes into view, then the player; on a wish, the playground.

/** @typedef {{render(face: {model: object, el: HTMLElement}): () => void}} Widget */

export class Films {
  /** @type {Promise<{default: Widget}> | undefined} */
  player;

  /** @param {string} root from this page to the site's own folder */
  constructor(root) {
    this.root = root;
    const seen = new IntersectionObserver((entries) => {
      for (const { target, isIntersecting } of entries) {
        if (!isIntersecting || !(target instanceof HTMLElement)) continue;
        seen.unobserve(target);
        this.play(target);
      }
    }, { rootMargin: "300px" });
    for (const film of document.querySelectorAll(".film")) seen.observe(film);
    addEventListener("click", (event) => {
      const button = event.target instanceof Element && event.target.closest("button.alive");
      if (button instanceof HTMLElement) this.open(button);
    });
    addEventListener("message", (event) => this.fit(event));
  }

  /** The player in the picture's place. @param {HTMLElement} film */
  async play(film) {
    const stage = film.querySelector(".stage");
    if (!(stage instanceof HTMLElement)) return;
    try {
      const [{ default: widget }, values] = await Promise.all([this.load(), this.fetched(film)]);
      /** @type {Record<string, unknown>} */
      const kept = values;
      const model = {
        get: (/** @type {string} */ name) => kept[name],
        set: (/** @type {string} */ name, /** @type {unknown} */ value) => { kept[name] = value; },
        on() {}, off() {}, send() {}, save_changes() {},
      };
      const el = document.createElement("div");
      stage.replaceChildren(el);
      widget.render({ model, el });
      this.told_apart(film, el);
    } catch {
      stage.append("The film could not be fetched; this is a picture of it.");
    }
  }

  /**
   * A player's parts have names; on a page with several films each name says of which, for who hears the page.
   * @param {HTMLElement} film
   * @param {HTMLElement} el
   */
  told_apart(film, el) {
    const films = [...document.querySelectorAll(".film")];
    if (films.length < 2) return;
    const words = ` (film ${films.indexOf(film) + 1})`;
    const name = () => {
      for (const part of el.querySelectorAll("[role=region], section")) {
        const label = part.getAttribute("aria-label");
        if (label && !label.endsWith(words)) part.setAttribute("aria-label", label + words);
      }
    };
    name();
    new MutationObserver(name).observe(el, { childList: true, subtree: true });
  }

  load() {
    if (!this.player) {
      const style = Object.assign(document.createElement("link"), { rel: "stylesheet", href: `${this.root}reading/player.css` });
      document.head.append(style);
      const made = "./player.js"; // the player's modules as one, put there when the site is built
      this.player = import(made);
    }
    return this.player;
  }

  /** @param {HTMLElement} film */
  async fetched(film) {
    const answer = await fetch(`${this.root}reading/films/${film.dataset.film}.json`);
    if (!answer.ok) throw new Error(String(answer.status));
    return answer.json();
  }

  /** The playground in the film's place: there things can be broken. @param {HTMLElement} button */
  open(button) {
    const stage = button.closest(".film")?.querySelector(".stage");
    if (!(stage instanceof HTMLElement)) return;
    const frame = document.createElement("iframe");
    frame.title = "The cluster, to be broken";
    frame.src = `${this.root}index.html?embed=clicked#${button.dataset.open}`;
    stage.replaceChildren(frame);
    button.parentElement?.remove();
    frame.focus();
  }

  /** A playground in a frame tells how tall it is. @param {MessageEvent} event */
  fit(event) {
    const height = event.origin === location.origin && Number(event.data?.vrrplab?.height);
    if (!height) return;
    for (const frame of document.querySelectorAll(".film iframe")) {
      if (frame instanceof HTMLIFrameElement && frame.contentWindow === event.source) frame.style.height = `${Math.min(height, 4000)}px`;
    }
  }
}
