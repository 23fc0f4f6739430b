/** One line of `/metrics`. */
export interface Series {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** What a process exposes: metrics by name, those without values too. */
export interface Scrape {
  readonly names: ReadonlySet<string>;
  readonly types: ReadonlyMap<string, string>;
  /** By the name in front of the braces: of a histogram with `_bucket`, `_sum` and `_count`. */
  series(name: string): readonly Series[];
  /** The sum over all series that have these labels. */
  sum(name: string, labels?: Readonly<Record<string, string>>): number;
}

/** @param token of `/metrics`, if it asks for one */
export async function scrape(url: string, token?: string): Promise<Scrape> {
  const headers: Record<string, string> = token === undefined ? {} : { authorization: `Bearer ${token}` };
  const response = await fetch(`${url}/metrics`, { headers });
  if (response.status !== 200) throw new Error(`/metrics answered ${response.status}`);
  return readExposition(await response.text());
}

/** The text format of Prometheus. */
export function readExposition(text: string): Scrape {
  const types = new Map([...text.matchAll(/^# TYPE (\S+) (\S+)$/gm)].map(([, name, type]) => [name!, type!]));
  const all = new Map<string, Series[]>();
  for (const [, name, list = '', value] of text.matchAll(/^([a-z_0-9]+)(?:\{(.*)\})? (\S+)$/gm)) {
    const labels = Object.fromEntries(
      [...list.matchAll(/(\w+)="([^"]*)"/g)].map(([, key, of]) => [key!, of!]),
    );
    all.set(name!, [...(all.get(name!) ?? []), { labels, value: Number(value) }]);
  }
  const series = (name: string): Series[] => all.get(name) ?? [];
  return {
    types,
    names: new Set(types.keys()),
    series,
    sum: (name, wanted = {}) =>
      series(name)
        .filter(({ labels }) => Object.entries(wanted).every(([key, value]) => labels[key] === value))
        .reduce((total, { value }) => total + value, 0),
  };
}
