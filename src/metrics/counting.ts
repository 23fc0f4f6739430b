/** What is exposed of a metric, and its labels with what bounds their values. */
interface Counted {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly buckets?: readonly number[];
}

/** Texts only: 200 and "200" would be two series of one name, which Prometheus refuses. */
type Labels = Readonly<Record<string, string>>;

/** As prom-client's registry takes it from a metric. */
interface Value {
  readonly value: number;
  readonly labels: Readonly<Record<string, string | number>>;
  readonly metricName?: string;
}

/** One series: its labels, and what was counted. */
interface Series<Cell> {
  readonly labels: Labels;
  readonly cell: Cell;
}

class Branch<Cell> {
  readonly by = new Map<string, Branch<Cell>>();
  cell: Cell | undefined;
}

/**
 * Series found by the values of their labels, one map for each label. prom-client's own counters write a text of all labels
 * each time they count, and a task is counted some twenty times: docs/adr/0051-counting.md.
 */
class AllSeries<Cell> {
  readonly list: Series<Cell>[] = [];
  private readonly root = new Branch<Cell>();
  private readonly names: readonly string[];

  constructor(
    private readonly definition: Counted,
    private readonly fresh: () => Cell,
  ) {
    this.names = Object.keys(definition.labels);
    if (this.names.length === 0) this.at({});
  }

  at(labels: Labels): Cell {
    let branch = this.root;
    for (const name of this.names) {
      const value = labels[name];
      const known = value === undefined ? undefined : branch.by.get(value);
      branch = known ?? this.grow(branch, name, value);
    }
    return (branch.cell ??= this.begin(labels));
  }

  private grow(branch: Branch<Cell>, name: string, value: string | undefined): Branch<Cell> {
    if (value === undefined)
      throw new Error(`${this.definition.name} counts nothing without its label ${name}`);
    const next = new Branch<Cell>();
    branch.by.set(value, next);
    return next;
  }

  private begin(labels: Labels): Cell {
    const cell = this.fresh();
    this.list.push({ labels: { ...labels }, cell });
    return cell;
  }
}

/** What was counted since the process began. */
export class Counter {
  readonly name: string;
  private readonly series: AllSeries<{ value: number }>;

  constructor(private readonly definition: Counted) {
    this.name = definition.name;
    this.series = new AllSeries(definition, () => ({ value: 0 }));
  }

  inc(labels: Labels = {}, by = 1): void {
    this.series.at(labels).value += by;
  }

  get(): object {
    const values = this.series.list.map(({ labels, cell }): Value => ({ labels, value: cell.value }));
    return { ...this.definition, values };
  }
}

interface Distribution {
  /** How many fell into each bucket, and, last, above all of them. */
  readonly counts: number[];
  sum: number;
}

/** How often something was how large, in buckets. */
export class Histogram {
  readonly name: string;
  private readonly bounds: readonly number[];
  private readonly series: AllSeries<Distribution>;

  constructor(private readonly definition: Counted) {
    this.name = definition.name;
    this.bounds = definition.buckets ?? [];
    const fresh = () => ({ counts: Array.from({ length: this.bounds.length + 1 }, () => 0), sum: 0 });
    this.series = new AllSeries(definition, fresh);
  }

  observe(labels: Labels, value: number): void {
    const distribution = this.series.at(labels);
    const bucket = bucketOf(value, this.bounds);
    distribution.counts[bucket] = (distribution.counts[bucket] ?? 0) + 1;
    distribution.sum += value;
  }

  get(): object {
    return { ...this.definition, values: this.series.list.flatMap((series) => this.valuesOf(series)) };
  }

  /** Each bucket holds what is in those below it, too: the exposition format of Prometheus. */
  private valuesOf({ labels, cell }: Series<Distribution>): Value[] {
    let count = 0;
    const buckets = cell.counts.map((within, at): Value => {
      count += within;
      const le = this.bounds[at] ?? '+Inf';
      return { metricName: `${this.name}_bucket`, labels: { le, ...labels }, value: count };
    });
    return [
      ...buckets,
      { metricName: `${this.name}_sum`, labels, value: cell.sum },
      { metricName: `${this.name}_count`, labels, value: count },
    ];
  }
}

function bucketOf(value: number, bounds: readonly number[]): number {
  let bucket = 0;
  while (bucket < bounds.length && value > (bounds[bucket] ?? Infinity)) bucket++;
  return bucket;
}
