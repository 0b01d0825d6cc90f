// How late pictures were painted lately.

const KEPT = 300;

export class Delays {
  constructor() { this.values = []; }

  add(milliseconds) {
    this.values.push(milliseconds);
    if (this.values.length > KEPT) this.values.shift();
  }

  clear() { this.values = []; }

  percentile(percent) {
    if (!this.values.length) return null;
    const sorted = [...this.values].sort((a, b) => a - b);
    return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * percent / 100))];
  }
}
