// The little of a browser that the scripts need which are not drawn: elements that hold a text and can be hidden.

class FakeElement {
  constructor(name) {
    this.localName = name;
    this.tagName = name.toUpperCase();
    this.hidden = false;
    this.textContent = "";
    const classes = new Set();
    this.classList = { toggle: (word, on) => (on ? classes.add(word) : classes.delete(word)), contains: (word) => classes.has(word) };
  }

  append() {}
  addEventListener() {}
  setAttribute() {}
  removeAttribute() {}
}

/** Time that passes when it is told to. */
export class Clock {
  #now = 0;
  #number = 0;
  #waiting = new Map();

  setTimeout = (run, wait_ms) => {
    this.#waiting.set(++this.#number, { at: this.#now + wait_ms, run });
    return this.#number;
  };

  clearTimeout = (number) => this.#waiting.delete(number);

  get now_ms() {
    return this.#now;
  }

  pass(wait_ms) {
    const until = this.#now + wait_ms;
    for (;;) {
      const due = [...this.#waiting].filter(([, { at }]) => at <= until).sort((a, b) => a[1].at - b[1].at)[0];
      if (!due) break;
      const [number, { at, run }] = due;
      this.#waiting.delete(number);
      this.#now = at; // what it begins is counted from here
      run();
    }
    this.#now = until;
  }
}

/** Puts a page where the scripts look for it; returns its clock. */
export function pretendPage() {
  const clock = new Clock();
  Object.defineProperty(globalThis, "performance", { value: { now: () => clock.now_ms }, configurable: true });
  Object.assign(globalThis, { window: clock, Element: FakeElement, document: { createElement: (name) => new FakeElement(name) } });
  return clock;
}

/** A key pressed while an element of this name has the keyboard; it says whether somebody took it. */
export function key(name, more = {}, element = "div") {
  const event = { key: name, target: new FakeElement(element), defaultPrevented: false, stopPropagation() {}, ...more };
  event.preventDefault = () => (event.defaultPrevented = true);
  return event;
}
