/** A query as Prometheus parses it, as far as it is looked at. */
export interface Node {
  readonly type: string;
  readonly name?: string;
  readonly op?: string;
  readonly matchers?: readonly { readonly name: string; readonly value: string; readonly type: string }[];
  readonly grouping?: readonly string[];
  readonly without?: boolean;
  readonly matching?: {
    readonly on: boolean;
    readonly labels: readonly string[];
    readonly include: readonly string[];
  } | null;
  readonly func?: { readonly name: string };
  readonly args?: readonly Node[];
  readonly expr?: Node;
  readonly lhs?: Node;
  readonly rhs?: Node;
}

/** What there is: of each metric its labels, and of each label its values. */
export type Known = ReadonlyMap<string, ReadonlyMap<string, ReadonlySet<string>>>;

const CHOOSING = ['topk', 'bottomk'];
/** What these give are series of their left side. */
const FILTERS: readonly unknown[] = ['and', 'unless'];

/** Looks at a query: are its metrics, labels and values those that there are? */
export class QueryCheck {
  readonly faults: string[] = [];

  constructor(private readonly known: Known) {}

  /** The labels that what a query gives may have. */
  labelsOf(node: Node): ReadonlySet<string> {
    switch (node.type) {
      case 'vectorSelector':
      case 'matrixSelector':
        return this.selected(node);
      case 'aggregation':
        return this.aggregated(node);
      case 'binaryExpr':
        return this.combined(node);
      case 'call':
        return this.called(node);
      default:
        return node.expr ? this.labelsOf(node.expr) : new Set();
    }
  }

  /** @param what wants the labels */
  require(labels: ReadonlySet<string>, wanted: readonly string[], what: string): void {
    for (const label of wanted)
      if (!labels.has(label)) this.faults.push(`${what}: there is no label ${label}`);
  }

  private selected({ name = '', matchers = [] }: Node): ReadonlySet<string> {
    const named = matchers.find((matcher) => matcher.name === '__name__');
    const metrics = name === '' && named ? this.namesLike(named.value) : [name];
    if (metrics.length === 0) this.faults.push(`there is no metric like ${named?.value}`);
    const labels = metrics.map((metric) => this.labelsAt(metric, matchers));
    return new Set(labels[0] && [...labels[0]].filter((label) => labels.every((each) => each.has(label))));
  }

  private namesLike(pattern: string): string[] {
    return [...this.known.keys()].filter((name) => new RegExp(`^(?:${pattern})$`).test(name));
  }

  private labelsAt(metric: string, matchers: NonNullable<Node['matchers']>): ReadonlySet<string> {
    const labels = this.known.get(metric);
    if (!labels) {
      this.faults.push(`there is no metric ${metric}`);
      return new Set();
    }
    for (const { name, value, type } of matchers.filter((matcher) => matcher.name !== '__name__')) {
      const values = labels.get(name);
      if (!values) this.faults.push(`${metric} has no label ${name}`);
      else if (!isAmong(values, value, type)) this.faults.push(`${metric}: ${name} is never ${value}`);
    }
    return new Set(labels.keys());
  }

  private aggregated({ op = '', grouping = [], without = false, expr }: Node): ReadonlySet<string> {
    const labels = this.labelsOf(expr!);
    this.require(labels, grouping, `${op} ${without ? 'without' : 'by'}`);
    if (CHOOSING.includes(op)) return labels;
    return without ? new Set([...labels].filter((label) => !grouping.includes(label))) : new Set(grouping);
  }

  private combined({ op, lhs, rhs, matching }: Node): ReadonlySet<string> {
    const [left, right] = [this.labelsOf(lhs!), this.labelsOf(rhs!)];
    // Of a vector and a number.
    if (!matching) return left.size > 0 ? left : right;
    for (const side of matching.on ? [left, right] : []) this.require(side, matching.labels, `${op} on`);
    if (FILTERS.includes(op)) return left;
    if (op === 'or') return new Set([...left, ...right]);
    return matching.on ? new Set([...matching.labels, ...matching.include]) : left;
  }

  private called({ func, args = [] }: Node): ReadonlySet<string> {
    const labels = new Set(args.flatMap((argument) => [...this.labelsOf(argument)]));
    if (func?.name === 'absent') return new Set();
    if (func?.name === 'histogram_quantile' && !labels.delete('le'))
      this.faults.push('histogram_quantile without le');
    return labels;
  }
}

/** Each of the alternatives of a matcher must be one that there is: a wrong one matches nothing, and nobody notices. */
function isAmong(values: ReadonlySet<string>, wanted: string, type: string): boolean {
  if (type === '=' || type === '!=') return wanted === '' || values.has(wanted);
  return wanted.split('|').every((one) => {
    const pattern = new RegExp(`^(?:${one})$`);
    return [...values].some((value) => pattern.test(value));
  });
}
