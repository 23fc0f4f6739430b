import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { faultsOf, KUBERNETES } from './conform.js';
import { CASES, REFUSED } from './matrix.js';
import { at, environment, find, render, renderText, TOOLS } from './render.js';

const CHART = 'charts/task-runner';

describe('the chart for Kubernetes', () => {
  it.each(CASES)('passes the strict lint with $name', ({ values = {}, files = [] }) => {
    const given = files.flatMap((file) => ['--values', file]);
    const args = ['lint', '--strict', '--quiet', CHART, ...given, '--values', '-'];
    const stdio = ['pipe' as const, 'pipe' as const, 'pipe' as const];
    execFileSync(`${TOOLS}helm`, args, { input: JSON.stringify(values), stdio });
  });

  it.each(KUBERNETES)('renders what Kubernetes %s takes, with all of them', (version) => {
    const texts = CASES.map(({ name, values, files = [] }) => [name, renderText(values, { files })]);
    expect(faultsOf(Object.fromEntries(texts) as Record<string, string>, version)).toEqual([]);
  });

  it.each(REFUSED)('refuses $name', ({ values, says }) => {
    expect(() => render(values)).toThrow(says);
  });

  it('is checked by something that notices a wrong field', () => {
    const wrong = renderText().replace('terminationGracePeriodSeconds', 'terminationGraceSeconds');
    expect(faultsOf({ wrong }, '1.35').join()).toMatch(
      /additional properties 'terminationGraceSeconds' not allowed/,
    );
  });

  it('gives no object a name that another one has', () => {
    const names = render({ redis: { mode: 'sentinel' } }).map(
      ({ kind, metadata }) => `${kind} ${metadata.name}`,
    );
    expect(new Set(names).size).toBe(names.length);
  });

  it('renders one random password, the same wherever it goes', () => {
    const objects = render({ redis: { mode: 'sentinel' } });
    const sums = (checksum: string) =>
      objects.map((object) => at(object, `spec.template.metadata.annotations.${checksum}`)).filter(Boolean);
    for (const checksum of ['checksum/secret', 'checksum/passwords']) {
      expect(sums(checksum)).toHaveLength(2);
      expect(new Set(sums(checksum)).size).toBe(1);
    }
    expect(find(render({ redis: { mode: 'sentinel' } }), 'Secret', 'task-runner-secrets')).not.toEqual(
      find(objects, 'Secret', 'task-runner-secrets'),
    );
  });

  it('gives pods more time to end than they take', () => {
    const objects = render({ worker: { shutdownTimeoutSec: 1800 } });
    const graceOf = (part: string) => {
      return at(
        find(objects, 'Deployment', `task-runner-${part}`),
        'spec.template.spec.terminationGracePeriodSeconds',
      );
    };
    // Draining, and 15 s; the API is taken out of its Service first.
    expect([graceOf('worker'), graceOf('api')]).toEqual([1815, 25 + 5 + 15]);
    expect(environment(find(objects, 'Deployment', 'task-runner-worker'))['SHUTDOWN_TIMEOUT_SEC']).toBe(
      '1800',
    );
  });

  it('runs nothing as root, and nothing that can write to its image', () => {
    const pods = render({ redis: { mode: 'sentinel' } }).flatMap((object) => {
      return [at(object, 'spec.template.spec'), object.kind === 'Pod' ? object['spec'] : undefined].filter(
        Boolean,
      );
    });
    expect(pods).toHaveLength(5);
    for (const pod of pods) {
      expect(pod).toMatchObject({
        automountServiceAccountToken: false,
        // A Service named redis would set REDIS_PORT.
        enableServiceLinks: false,
        securityContext: { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } },
      });
      expect(at(pod, 'containers.0.securityContext')).toEqual({
        allowPrivilegeEscalation: false,
        readOnlyRootFilesystem: true,
        capabilities: { drop: ['ALL'] },
      });
    }
  });

  it('leaves settings as they were written', () => {
    const objects = render({
      config: { MAX_QUEUE_SIZE: 1000000, RETRY_JITTER: 0.25, CB_RAMP_STEP: '7' },
      extraEnv: [{ name: 'MAX_RETRY', value: '9' }],
    });
    const worker = environment(find(objects, 'Deployment', 'task-runner-worker'));
    expect(worker).toMatchObject({
      MAX_QUEUE_SIZE: '1000000',
      RETRY_JITTER: '0.25',
      CB_RAMP_STEP: '7',
      MAX_RETRY: '9',
    });
  });
});
