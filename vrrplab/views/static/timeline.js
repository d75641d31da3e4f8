// Values that change with time, and searches in sorted lists. Knows nothing of VRRP.

/**
 * Index of the last entry of `times` that is not after `t`; -1 if all are.
 * @param {ArrayLike<number>} times
 * @param {number} t
 */
export function lastIndex(times, t) {
  let low = 0;
  let high = times.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (times[middle] <= t) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

/**
 * One value over time: what it is at any moment, since when, and what it was before.
 * @template V
 */
export class Timeline {
  /** @param {V | null} first */
  constructor(first = null) {
    this.first = first;
    /** @type {number[]} */
    this.times = [];
    /** @type {(V | null)[]} */
    this.values = [];
  }

  /**
   * From `t` on the value is `value`; calls come in order of time.
   * @param {number} t
   * @param {V | null} value
   */
  set(t, value) {
    const n = this.times.length;
    if (value === (n ? this.values[n - 1] : this.first)) return;
    if (n && this.times[n - 1] === t) this.values[n - 1] = value;
    else {
      this.times.push(t);
      this.values.push(value);
    }
  }

  /** @param {number} t */
  at(t) {
    const i = lastIndex(this.times, t);
    return i < 0 ? this.first : this.values[i];
  }

  /**
   * `since` is null while it never changed.
   * @param {number} t
   * @returns {About<V>}
   */
  about(t) {
    const i = lastIndex(this.times, t);
    if (i < 0) return { value: this.first, since: null, before: null };
    return { value: this.values[i], since: this.times[i], before: i ? this.values[i - 1] : this.first };
  }

  /**
   * Pieces {from, to, value} that cover 0 to `end`.
   * @param {number} end
   */
  spans(end) {
    const found = [];
    let from = 0;
    let value = this.first;
    for (let i = 0; i < this.times.length; i++) {
      if (this.times[i] > from) found.push({ from, to: this.times[i], value });
      from = this.times[i];
      value = this.values[i];
    }
    if (end > from || !found.length) found.push({ from, to: Math.max(end, from), value });
    return found;
  }
}
