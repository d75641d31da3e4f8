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

  pass(wait_ms) {
    this.#now += wait_ms;
    for (const [number, { at, run }] of [...this.#waiting].sort((a, b) => a[1].at - b[1].at)) if (at <= this.#now && this.#waiting.delete(number)) run();
  }
}

/** Puts a page where the scripts look for it; returns its clock. */
export function pretendPage() {
  const clock = new Clock();
  Object.assign(globalThis, { window: clock, Element: FakeElement, document: { createElement: (name) => new FakeElement(name) } });
  return clock;
}

/** A key pressed while an element of this name has the keyboard; it says whether somebody took it. */
export function key(name, more = {}, element = "div") {
  const event = { key: name, target: new FakeElement(element), defaultPrevented: false, stopPropagation() {}, ...more };
  event.preventDefault = () => (event.defaultPrevented = true);
  return event;
}
