/** What is counted for names beyond the bound. */
const REST = 'other';

/** Bounds a label whose values somebody else chooses: the first so many names keep theirs, the others share one. */
export class Names {
  private readonly known = new Set<string>();

  /** @param most 0 = none has a name of its own */
  constructor(private readonly most: number) {}

  labelFor(name: string): string {
    if (this.known.has(name)) return name;
    if (this.known.size >= this.most) return REST;
    this.known.add(name);
    return name;
  }
}
