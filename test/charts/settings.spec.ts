import { describe, expect, it } from 'vitest';
import { CASES } from './matrix.js';
import { environment, type Manifest, render } from './render.js';
import { SETTING_NAMES } from './setting-names.js';

/** A variable of the test's own. */
const OTHERS = new Set(['EXTRA']);

describe('settings in what is installed', () => {
  it('are all settings of the product, in the chart for Kubernetes', () => {
    const objects = CASES.flatMap(({ values, files = [] }) => render(values, { files }));
    expect(strangersIn(objects)).toEqual([]);
  });

  it('notices one that is not', () => {
    expect(strangersIn(render({ config: { MAX_QUEUE_SIZES: 1 } }))).toEqual(['MAX_QUEUE_SIZES']);
  });
});

function strangersIn(objects: readonly Manifest[]): string[] {
  const workloads = objects.filter(({ kind }) => kind === 'Deployment');
  const names = workloads.flatMap((workload) => Object.keys(environment(workload)));
  return [...new Set(names)].filter((name) => !SETTING_NAMES.has(name) && !OTHERS.has(name));
}
