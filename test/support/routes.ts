import type { TestApp } from './test-app.js';

export interface Route {
  readonly method: string;
  readonly path: string;
}

/** Every route the router has, not a list kept by hand. */
export function routesOf({ application }: TestApp): Route[] {
  const tree = application.nest.getHttpAdapter().getInstance().printRoutes({ commonPrefix: false });
  return tree.split('\n').flatMap((line, at, lines) => {
    const match = /^([│ ]*)[└├]── (\S.*?) \((.+)\)/.exec(line);
    if (!match) return [];
    return (match[3] ?? '').split(', ').map((method) => ({ method, path: fullPath(lines, at) }));
  });
}

/** The tree prints each node under its parent, four columns further in. */
function fullPath(lines: readonly string[], at: number): string {
  const node = /^([│ ]*)[└├]── (\S*)/.exec(lines[at] ?? '');
  const depth = (node?.[1] ?? '').length;
  const parent = lines.slice(0, at).findLastIndex((line) => {
    const above = /^([│ ]*)[└├]── /.exec(line);
    return above !== null && (above[1] ?? '').length < depth;
  });
  return (parent < 0 ? '' : fullPath(lines, parent)) + (node?.[2] ?? '');
}
