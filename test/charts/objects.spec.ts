import { BlockList } from 'node:net';
import { describe, expect, it } from 'vitest';
import { compileAddressPolicy } from '../../src/net/address-policy.js';
import { at, environment, find, type Manifest, render, type Values } from './render.js';

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
  // Node takes IPv4 addresses for part of ::/0, a cluster does not.
  for (const range of ranges.filter((each) => family(each) === family(address))) {
    const [net = '', bits = ''] = range.split('/');
    list.addSubnet(net, Number(bits), family(net));
  }
  return list.check(address, family(address));
}

const METADATA = [
  ...['169.254.169.254', '100.100.100.200', '168.63.129.16', '192.0.0.192'],
  ...['fd00:ec2::254', 'fd20:ce::254', 'fd00:42::42', 'fe80::a9fe:a9fe', '64:ff9b::a9fe:a9fe'],
];
const PRIVATE = [
  ...['10.1.2.3', '172.16.0.1', '192.168.1.1', '127.0.0.1', '100.64.0.1', '198.18.0.1', '224.0.0.1'],
  ...['::1', '::ffff:10.1.2.3', 'fc00::1', 'fe80::1', 'ff02::1', '2002:a01:203::1', '2001::1'],
  // 10.1.2.3, 100.64.0.1, 127.0.0.1, 172.16.0.1, 192.168.1.1 and 224.0.0.1 by way of NAT64.
  ...['64:ff9b::a01:203', '64:ff9b::6440:1', '64:ff9b::7f00:1', '64:ff9b::ac10:1', '64:ff9b::c0a8:101'],
  ...['64:ff9b::e000:1', '64:ff9b:1::a01:203'],
];
const ON_THE_INTERNET = ['203.0.113.9', '8.8.8.8', '2606:4700::1111', '64:ff9b::808:808'];

describe('the network policy', () => {
  it('lets workers reach the internet, and no private address', () => {
    const rules = egress({}, 'worker');
    expect(ON_THE_INTERNET.filter((address) => !reaches(rules, address))).toEqual([]);
    expect([...PRIVATE, ...METADATA].filter((address) => reaches(rules, address))).toEqual([]);
  });

  it('lets them reach every address when that is allowed, but what hands out credentials', () => {
    const rules = egress({ worker: { env: { allowPrivateUrls: true } } }, 'worker');
    expect([...PRIVATE, ...ON_THE_INTERNET].filter((address) => !reaches(rules, address))).toEqual([]);
    expect(METADATA.filter((address) => reaches(rules, address))).toEqual([]);
  });

  it('says of every address that it closes or opens the same as the product', () => {
    for (const allowPrivateUrls of [false, true]) {
      const rules = egress({ worker: { env: { allowPrivateUrls } } }, 'worker');
      const product = compileAddressPolicy({ allowPrivateUrls, allowLoopbackUrls: false, denyCidrs: [] });
      const called = [...METADATA, ...ON_THE_INTERNET, '10.1.2.3', '192.168.1.1', '100.64.0.1', 'fc00::1'];
      // Documentation, which nobody has.
      const differ = called.filter(
        (address) => address !== '203.0.113.9' && reaches(rules, address) !== product.judge(address).allowed,
      );
      expect(differ).toEqual([]);
    }
  });

  it('lets the pod of helm test come to the API, whoever else may', () => {
    const apiFrom = [{ namespaceSelector: { matchLabels: { name: 'ingress' } } }];
    const objects = render({ networkPolicy: { apiFrom } });
    const [test, ...others] = at(policy(objects, 'api'), 'ingress.0.from') as {
      podSelector: { matchLabels: object };
    }[];
    expect(others).toEqual(apiFrom);
    expect(find(objects, 'Pod', name('test'))?.metadata.labels).toMatchObject(test!.podSelector.matchLabels);
    expect(at(policy(render(), 'api'), 'ingress.0.from')).toBeUndefined();
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

describe('ALLOWED_HOSTS', () => {
  it('also has the names by which helm test and KEDA call the API', () => {
    const objects = render({
      config: { ALLOWED_HOSTS: 'tasks.example.com, [::1]' },
      autoscaling: { mode: 'keda' },
    });
    const hosts = environment(find(objects, 'Deployment', name('api')))['ALLOWED_HOSTS']?.split(',');
    const test = at(find(objects, 'Pod', name('test')), 'spec.containers.0.env') as {
      name: string;
      value: string;
    }[];
    const trigger = at(
      find(objects, 'ScaledObject', name('worker')),
      'spec.triggers.0.metadata.url',
    ) as string;
    const called = test.find(({ name: key }) => key === 'API_URL')?.value ?? '';
    expect(hosts).toEqual(
      expect.arrayContaining(['tasks.example.com', new URL(called).hostname, new URL(trigger).hostname]),
    );
  });

  it('is asked of nobody by workers, which Prometheus calls by their addresses', () => {
    const objects = render({ config: { ALLOWED_HOSTS: 'tasks.example.com' } });
    const probes = (part: string) =>
      at(
        find(objects, 'Deployment', name(part)),
        'spec.template.spec.containers.0.readinessProbe.httpGet.httpHeaders',
      );
    expect(environment(find(objects, 'Deployment', name('worker')))['ALLOWED_HOSTS']).toBe('');
    expect([probes('api'), probes('worker')]).toEqual([
      [{ name: 'Host', value: 'tasks.example.com' }],
      undefined,
    ]);
    expect(environment(find(render(), 'Deployment', name('api')))['ALLOWED_HOSTS']).toBeUndefined();
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

/** Over what the pods of Redis are spread, and what happens when that cannot be. */
function spreadOf(redis: Values): Record<string, string> {
  const objects = render({ redis: { mode: 'sentinel', ...redis } });
  const constraints = at(
    find(objects, 'StatefulSet', name('redis')),
    'spec.template.spec.topologySpreadConstraints',
  ) as { topologyKey: string; whenUnsatisfiable: string }[];
  return Object.fromEntries(
    constraints.map(({ topologyKey, whenUnsatisfiable }) => [topologyKey, whenUnsatisfiable]),
  );
}

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

  it.each([
    [{ memory: '1.5Gi' }, '921mb'],
    [{ memory: '2G' }, '1144mb'],
    [{ memory: '2000M' }, '1144mb'],
    [{ memory: 2147483648 }, '1228mb'],
    [{ limits: { memory: '512Mi' } }, '307mb'],
    [{ memory: '', requests: { memory: '1Gi' } }, ''],
  ])('has a maxmemory below the limit of %j', (resources, expected) => {
    const redis = find(render({ redis: { redis: { resources } } }), 'StatefulSet', name('redis'));
    expect(environment(redis)['MAXMEMORY']).toBe(expected);
  });

  it('keeps nodes from being drained while a replica is being filled', () => {
    const objects = render({ redis: { mode: 'sentinel' } });
    const eviction = (part: string) =>
      at(find(objects, 'PodDisruptionBudget', name(part)), 'spec.unhealthyPodEvictionPolicy');
    expect(['api', 'worker', 'redis', 'sentinel'].map(eviction)).toEqual([
      'AlwaysAllow',
      'AlwaysAllow',
      'IfHealthyBudget',
      'IfHealthyBudget',
    ]);
  });

  it('keeps its disks apart from the release, and its pods apart from each other', () => {
    const redis = find(render({ redis: { mode: 'sentinel' } }), 'StatefulSet', name('redis'));
    expect(at(redis, 'spec.replicas')).toBe(3);
    expect(spreadOf({})).toEqual({
      'kubernetes.io/hostname': 'ScheduleAnyway',
      'topology.kubernetes.io/zone': 'ScheduleAnyway',
    });
    expect(spreadOf({ spread: 'DoNotSchedule' })).toMatchObject({
      'kubernetes.io/hostname': 'DoNotSchedule',
    });
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
