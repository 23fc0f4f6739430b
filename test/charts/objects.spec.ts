import { BlockList } from 'node:net';
import { describe, expect, it } from 'vitest';
import { at, find, type Manifest, render, type Values } from './render.js';

interface Rule {
  readonly ports?: readonly { readonly port: number | string; readonly protocol?: string }[];
  readonly to?: readonly {
    readonly ipBlock?: { readonly cidr: string; readonly except?: readonly string[] };
  }[];
}

const name = (part: string) => `task-runner-${part}`;
const policy = (objects: readonly Manifest[], part: string) =>
  find(objects, 'NetworkPolicy', name(part))?.['spec'];
const egress = (values: Values, part: string) => at(policy(render(values), part), 'egress') as Rule[];
const portsOf = (rules: readonly Rule[]) => rules.flatMap(({ ports = [] }) => ports.map(({ port }) => port));

/** Whether rules let a connection to an address through, whatever its port. */
function reaches(rules: readonly Rule[], address: string): boolean {
  return rules.some(({ ports, to }) => {
    if (ports !== undefined) return false;
    if (to === undefined) return true;
    return to.some(
      ({ ipBlock }) =>
        ipBlock !== undefined && isIn(address, [ipBlock.cidr]) && !isIn(address, ipBlock.except ?? []),
    );
  });
}

function isIn(address: string, ranges: readonly string[]): boolean {
  const list = new BlockList();
  const family = (text: string) => (text.includes(':') ? 'ipv6' : 'ipv4');
  for (const range of ranges) {
    const [net = '', bits = ''] = range.split('/');
    list.addSubnet(net, Number(bits), family(net));
  }
  return list.check(address, family(address));
}

const PRIVATE = [
  '10.1.2.3',
  '172.16.0.1',
  '192.168.1.1',
  '127.0.0.1',
  '169.254.169.254',
  '100.100.100.200',
  '168.63.129.16',
  'fd00:ec2::254',
  '::1',
  'fe80::1',
];
const ON_THE_INTERNET = ['203.0.113.9', '8.8.8.8', '2606:4700::1111'];

describe('the network policy', () => {
  it('lets workers reach the internet, and no private address', () => {
    const rules = egress({}, 'worker');
    expect(ON_THE_INTERNET.filter((address) => !reaches(rules, address))).toEqual([]);
    expect(PRIVATE.filter((address) => reaches(rules, address))).toEqual([]);
  });

  it('lets them reach every address when that is allowed', () => {
    const rules = egress({ worker: { env: { allowPrivateUrls: true } } }, 'worker');
    expect([...PRIVATE, ...ON_THE_INTERNET].filter((address) => !reaches(rules, address))).toEqual([]);
  });

  it('leaves names, Redis and the collector open to both, and nothing else to the API', () => {
    expect(portsOf(egress({}, 'api'))).toEqual([53, 53, 6379, 26379]);
    expect([...PRIVATE, ...ON_THE_INTERNET].filter((address) => reaches(egress({}, 'api'), address))).toEqual(
      [],
    );
    const traced = {
      api: { env: { otelEndpoint: 'http://otel:4317/x' } },
      worker: { env: { otelEndpoint: 'otel' } },
    };
    expect(portsOf(egress(traced, 'api'))).toEqual([53, 53, 6379, 26379, 4317]);
    expect(portsOf(egress(traced, 'worker'))).toEqual([53, 53, 6379, 26379, 4318]);
  });

  it.each([
    [{ address: 'redis.example.com:6390' }, [6390]],
    [{ url: 'rediss://u:p@redis.example.com:6391/1' }, [6391]],
    [{ url: 'redis://redis.example.com' }, [6379]],
    [{ sentinelAddresses: ['a:26379', 'b:26380'] }, [6379, 26379, 26380]],
  ])('leaves the ports of %j open', (redis, ports) => {
    expect(portsOf(egress({ redis }, 'worker'))).toEqual([53, 53, ...ports]);
  });

  it('lets only what belongs to the release come to Redis', () => {
    const from = at(policy(render(), 'redis'), 'ingress.0.from');
    const labels = {
      'app.kubernetes.io/instance': 'task-runner',
      'app.kubernetes.io/part-of': 'task-runner',
    };
    expect(from).toEqual([{ podSelector: { matchLabels: labels } }]);
    for (const part of ['api', 'worker']) {
      const pod = at(find(render(), 'Deployment', name(part)), 'spec.template.metadata.labels');
      expect(pod).toMatchObject(labels);
    }
  });
});

describe('scaling', () => {
  const KEDA: Values = { autoscaling: { mode: 'keda' }, worker: { replicas: { min: 0, max: 20 } } };

  it('asks the API how many workers are wanted, with a token that both know', () => {
    const objects = render(KEDA);
    const trigger = at(find(objects, 'ScaledObject', name('worker')), 'spec.triggers.0');
    expect(trigger).toMatchObject({
      type: 'metrics-api',
      metadata: {
        url: 'http://task-runner-api.tasks.svc:8080/v1/autoscale',
        valueLocation: 'desired_workers',
        targetValue: '1',
        authMode: 'bearer',
      },
    });
    const target = at(find(objects, 'TriggerAuthentication', name('worker')), 'spec.secretTargetRef.0');
    expect(target).toEqual({ parameter: 'token', name: 'task-runner-secrets', key: 'autoscale-token' });
    expect(at(find(objects, 'Secret', 'task-runner-secrets'), 'data.autoscale-token')).toBeDefined();
  });

  it('leaves workers to KEDA alone, and the API to its CPU', () => {
    const scalers = (values: Values) => {
      const kinds = ['HorizontalPodAutoscaler', 'ScaledObject'];
      return render(values)
        .filter(({ kind }) => kinds.includes(kind))
        .map(({ kind, metadata }) => `${kind} ${metadata.name}`);
    };
    expect(scalers(KEDA)).toEqual([
      'HorizontalPodAutoscaler task-runner-api',
      'ScaledObject task-runner-worker',
    ]);
    expect(scalers({})).toEqual([
      'HorizontalPodAutoscaler task-runner-api',
      'HorizontalPodAutoscaler task-runner-worker',
    ]);
    expect(scalers({ autoscaling: { mode: 'none' } })).toEqual([]);
  });

  it('says how many there are only where nothing else does', () => {
    const replicas = (values: Values) =>
      at(find(render(values), 'Deployment', name('worker')), 'spec.replicas');
    expect([replicas({}), replicas(KEDA)]).toEqual([undefined, undefined]);
    expect(replicas({ autoscaling: { mode: 'none' }, worker: { replicas: { min: 4, max: 8 } } })).toBe(4);
    expect(replicas({ worker: { replicas: { min: 3, max: 3 } } })).toBe(3);
  });
});

describe('Redis', () => {
  it('takes six tenths of its memory, and writes each task to the disk when it is alone', () => {
    const env = (values: Values) => {
      const entries = at(
        find(render(values), 'StatefulSet', name('redis')),
        'spec.template.spec.containers.0.env',
      ) as { name: string; value: string }[];
      return Object.fromEntries(entries.map(({ name: key, value }) => [key, value]));
    };
    expect(env({})).toMatchObject({ MAXMEMORY: '614mb', APPENDFSYNC: 'always', SENTINELS: '' });
    const sentinel = env({ redis: { mode: 'sentinel', redis: { resources: { memory: '512Mi' } } } });
    expect(sentinel).toMatchObject({ MAXMEMORY: '307mb', APPENDFSYNC: 'everysec' });
  });

  it('keeps its disks apart from the release, and its pods apart from each other', () => {
    const redis = find(render({ redis: { mode: 'sentinel' } }), 'StatefulSet', name('redis'));
    expect(at(redis, 'spec.replicas')).toBe(3);
    expect(at(redis, 'spec.template.spec.topologySpreadConstraints.0.topologyKey')).toBe(
      'kubernetes.io/hostname',
    );
    expect(at(find(render(), 'Secret', 'task-runner-secrets'), 'metadata.annotations')).toEqual({
      'helm.sh/resource-policy': 'keep',
    });
  });
});

describe('monitoring', () => {
  it('scrapes both halves, with the token when one is required', () => {
    const objects = render({
      metrics: { requireToken: true, serviceMonitor: { enabled: true, interval: '5s' } },
    });
    const monitor = find(objects, 'ServiceMonitor', 'task-runner')?.['spec'];
    expect(at(monitor, 'endpoints.0')).toEqual({
      port: 'http',
      path: '/metrics',
      interval: '5s',
      authorization: { credentials: { name: 'task-runner-secrets', key: 'metrics-token' } },
    });
    const chosen = at(monitor, 'selector.matchLabels') as Record<string, string>;
    for (const part of ['api', 'worker']) {
      const service = find(objects, 'Service', name(part));
      expect(service?.metadata.labels).toMatchObject({ ...chosen, 'app.kubernetes.io/component': part });
      expect(at(service, 'spec.ports.0.name')).toBe('http');
    }
  });
});
