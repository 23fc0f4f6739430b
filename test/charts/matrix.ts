import type { Values } from './render.js';

export interface Case {
  readonly name: string;
  readonly values?: Values;
  readonly files?: readonly string[];
}

const POD: Values = {
  extraEnv: [{ name: 'EXTRA', value: 'x' }],
  podAnnotations: { a: 'b' },
  podLabels: { c: 'd' },
  nodeSelector: { disk: 'ssd' },
  tolerations: [{ key: 'k', operator: 'Exists' }],
  affinity: { podAntiAffinity: {} },
  topologySpreadConstraints: [{ maxSkew: 2, topologyKey: 'zone', whenUnsatisfiable: 'DoNotSchedule' }],
  priorityClassName: 'high',
};
const MONITORED: Values = {
  serviceMonitor: { enabled: true, labels: { release: 'prometheus' } },
  prometheusRule: {
    enabled: true,
    labels: { release: 'prometheus' },
    alertLabels: { team: 'tasks' },
    runbookUrl: 'https://wiki.example.com/alerts',
    alerts: { TaskRunnerTasksLate: { threshold: 900, for: '15m' }, TaskRunnerNoApi: { enabled: false } },
  },
  dashboards: { enabled: true, annotations: { grafana_folder: 'Task Runner' } },
};

/** What the chart is rendered, linted and checked with. */
export const CASES: readonly Case[] = [
  { name: 'no values' },
  { name: "Task Runner Template's values", files: ['test/charts/values/task-runner-template.yaml'] },
  {
    name: "Control Plane Task Runner's values",
    files: ['test/charts/values/control-plane-task-runner.yaml'],
  },
  { name: 'Sentinel', values: { redis: { mode: 'sentinel' }, commonLabels: { team: 'x' } } },
  {
    name: 'Sentinel without disks and passwords',
    values: {
      redis: {
        mode: 'sentinel',
        redis: { auth: { fromSecret: { enabled: false } }, persistence: { enabled: false } },
        sentinel: { auth: { fromSecret: { enabled: false } }, persistence: { enabled: false } },
      },
    },
  },
  {
    name: 'a Redis elsewhere, by URL',
    values: { redis: { url: 'rediss://user:pw@redis.example.com:6380/0' } },
  },
  {
    name: 'Sentinels elsewhere',
    values: {
      redis: {
        sentinelAddresses: ['s-1:26379', 's-2:26379'],
        username: 'u',
        password: 'p',
        sentinelPassword: 'q',
        tls: true,
      },
    },
  },
  {
    name: 'public, below a path, with TLS',
    values: {
      api: { public: { enabled: true, pathPrefix: '/tasks' } },
      ingress: {
        className: 'nginx',
        hosts: ['tasks.example.com'],
        tls: [{ secretName: 'tls', hosts: ['tasks.example.com'] }],
      },
    },
  },
  {
    name: 'a load balancer',
    values: { api: { service: { type: 'LoadBalancer', annotations: { a: 'b' } } } },
  },
  {
    name: 'KEDA and all monitoring',
    values: {
      autoscaling: { mode: 'keda' },
      worker: { replicas: { min: 0, max: 20 } },
      metrics: { requireToken: true, ...MONITORED },
    },
  },
  {
    name: 'no scaling, no budget, no policy',
    values: {
      autoscaling: { mode: 'none' },
      podDisruptionBudget: { enabled: false },
      networkPolicy: { enabled: false },
    },
  },
  {
    name: 'Secrets of their own',
    values: {
      createSecret: false,
      api: { admin: { apiKeySecretName: 'mine', apiKeySecretKey: 'admin' } },
      redis: { redis: { auth: { fromSecret: { name: 'mine', passwordKey: 'pw' } } } },
    },
  },
  {
    name: 'private targets allowed',
    values: { worker: { env: { allowPrivateUrls: true, otelEndpoint: 'http://otel:4318' } } },
  },
  {
    name: 'everything a pod can be given',
    values: {
      api: POD,
      worker: POD,
      config: {
        MAX_QUEUE_SIZE: 1000000,
        ALLOWED_HOSTS: 'tasks.example.com,127.0.0.1',
        TRUSTED_PROXIES: '10.0.0.0/8',
      },
      encryption: { enabled: true },
      imagePullSecrets: [{ name: 'registry' }],
      extraEnvFrom: [{ secretRef: { name: 'more' } }],
      extraVolumes: [{ name: 'ca', configMap: { name: 'ca' } }],
      extraVolumeMounts: [{ name: 'ca', mountPath: '/ca' }],
      networkPolicy: { apiFrom: [{ namespaceSelector: {} }], extraEgress: [{ ports: [{ port: 587 }] }] },
      serviceAccount: { create: false, name: 'theirs' },
    },
  },
  { name: 'the API alone', values: { worker: { enabled: false } } },
  { name: 'workers alone', values: { api: { enabled: false } } },
];

/** What must not be rendered, and the words that say why. */
export const REFUSED: readonly (Case & { readonly says: RegExp })[] = [
  { name: 'an unknown value', values: { wroker: {} }, says: /'wroker' not allowed/ },
  {
    name: 'an unknown value deep inside',
    values: { worker: { env: { maxRetries: 3 } } },
    says: /'maxRetries' not allowed/,
  },
  {
    name: 'a value of the wrong type',
    values: { worker: { env: { concurrency: 'many' } } },
    says: /got string, want integer/,
  },
  {
    name: 'public and open to all',
    values: { auth: { mode: 'open' }, api: { public: { enabled: true } } },
    says: /public and take tasks from everybody: set auth\.mode to key/,
  },
  {
    name: 'a load balancer, open to all',
    values: { auth: { mode: 'open' }, api: { service: { type: 'LoadBalancer' } } },
    says: /public and take tasks from everybody/,
  },
  {
    name: 'public with an open /admin',
    values: { api: { public: { enabled: true }, admin: { auth: 'none' } } },
    says: /\/admin open to everybody: set api\.admin\.auth to key/,
  },
  {
    name: 'public without an admin key',
    values: { createSecret: false, secretName: 'mine', api: { public: { enabled: true } } },
    says: /public without an admin key: name a Secret in api\.admin\.apiKeySecretName/,
  },
  {
    name: 'no Secret for the password of Redis',
    values: { createSecret: false },
    says: /name your Secret in redis\.redis\.auth\.fromSecret\.name/,
  },
  {
    name: 'an admin key that has no Secret',
    values: { createSecret: false, secretName: 'mine', api: { env: { adminApiKey: 'k' } } },
    says: /no Secret for api\.env\.adminApiKey/,
  },
  {
    name: 'a setting that is a value',
    values: { config: { MODE: 'both' } },
    says: /config\.MODE: use api\.enabled and worker\.enabled/,
  },
  {
    name: 'AUTH_MODE past the check',
    values: { api: { extraEnv: [{ name: 'AUTH_MODE', value: 'open' }] } },
    says: /extraEnv AUTH_MODE: use auth\.mode/,
  },
  {
    name: 'fewer at most than at least',
    values: { api: { replicas: { min: 4 } } },
    says: /api\.replicas\.min is more than api\.replicas\.max/,
  },
  {
    name: 'no workers and nobody to start one',
    values: { worker: { replicas: { min: 0 } } },
    says: /needs autoscaling\.mode keda/,
  },
  {
    name: 'KEDA without the API that it asks',
    values: { api: { enabled: false }, autoscaling: { mode: 'keda' } },
    says: /asks the API/,
  },
  {
    name: 'external, but where',
    values: { redis: { mode: 'external' } },
    says: /set redis\.address, redis\.url or redis\.sentinelAddresses/,
  },
];
