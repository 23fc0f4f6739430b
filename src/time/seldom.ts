/** Keeps what happens again and again from being told each time. */
export class Seldom {
  private readonly toldAt = new Map<string, number>();

  /** @param now gives milliseconds that only grow */
  constructor(
    private readonly everyMs: number,
    private readonly now: () => number = () => performance.now(),
  ) {}

  /** Whether it is to be told: it was not, for as long. It then counts as told. */
  isDue(what = ''): boolean {
    const now = this.now();
    for (const [told, at] of this.toldAt) if (now - at >= this.everyMs) this.toldAt.delete(told);
    if (this.toldAt.has(what)) return false;
    this.toldAt.set(what, now);
    return true;
  }
}
