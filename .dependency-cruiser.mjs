// The import table of docs/architecture.md, enforced. A folder may import itself and what its row lists.
export const allowed = {
  task: [],
  time: [],
  config: ['net', 'time', 'task-types'],
  http: [],
  health: ['config'],
  net: [],
  'task-types': ['task', 'net', 'time'],
  logging: ['config', 'task'],
  metrics: ['config', 'task', 'http'],
  tracing: ['config', 'task', 'metrics', 'health'],
  redis: ['config', 'health', 'metrics'],
  audit: ['http'],
  queue: ['task', 'time', 'config', 'redis', 'metrics', 'health', 'audit'],
  clients: ['task', 'net', 'time', 'config', 'http', 'redis', 'queue', 'metrics', 'audit'],
  workers: ['time', 'config', 'health', 'redis', 'queue', 'audit'],
  'circuit-breaker': ['task', 'config', 'redis', 'queue', 'metrics', 'audit'],
  events: ['task', 'time', 'config', 'http', 'health', 'redis', 'clients', 'metrics'],
  fleet: ['time', 'config', 'http', 'health', 'redis', 'queue', 'workers', 'metrics'],
  'type-mappings': ['task-types', 'config', 'redis', 'queue', 'audit'],
  'task-request': ['task', 'task-types', 'net', 'time', 'config', 'http', 'clients', 'queue'],
  enqueue: [
    ...['task', 'net', 'time', 'config', 'http', 'clients', 'queue', 'metrics', 'tracing', 'task-request'],
    'type-mappings',
  ],
  tracking: [
    ...['task', 'time', 'config', 'http', 'clients', 'queue', 'metrics', 'task-request'],
    ...['task-types', 'type-mappings'],
  ],
  operations: ['task', 'time', 'config', 'http', 'redis', 'queue', 'metrics', 'audit', 'task-request'],
  admin: [
    ...['task', 'time', 'config', 'http', 'health', 'net', 'redis', 'clients', 'queue', 'circuit-breaker'],
    ...['task-request', 'audit', 'workers', 'tracking', 'operations', 'task-types', 'type-mappings'],
  ],
  dispatch: [
    ...['task', 'task-types', 'net', 'time', 'config', 'clients', 'queue', 'metrics', 'tracing', 'health'],
  ],
  schedules: [
    ...['task', 'time', 'config', 'http', 'health', 'redis', 'clients', 'queue', 'metrics'],
    ...['task-request', 'type-mappings', 'task-types'],
  ],
  callbacks: ['task', 'time', 'config', 'redis', 'queue', 'metrics', 'task-request'],
  dialects: [
    ...['task', 'time', 'config', 'http', 'clients', 'queue', 'task-request', 'enqueue', 'tracking'],
  ],
};

const folders = Object.keys(allowed);
// What logging redacts, and how wide lines are written, may be asked for everywhere but in the pure folders.
const pure = ['task', 'time', 'net', 'config'];

const table = folders.map((folder) => ({
  name: `imports-of-${folder}`,
  severity: 'error',
  comment: `src/${folder} may import only: ${[folder, ...allowed[folder]].join(', ')}`,
  from: { path: `^src/${folder}/` },
  to: {
    path: '^src/',
    pathNot: [folder, ...allowed[folder]]
      .map((name) => `^src/${name}/`)
      .concat(pure.includes(folder) ? [] : ['^src/logging/(redact|wide-lines)\\.ts$']),
  },
}));

/** One vendor, one folder; with `typesAnywhere`, others may import its types. */
const vendor = (name, path, homes, { typesAnywhere = false } = {}) => ({
  name: `vendor-${name}`,
  severity: 'error',
  comment: `${name} is known to ${homes.join(', ')} only`,
  from: { path: '^src/', pathNot: homes.map((home) => `^src/${home}`).concat(['\\.spec\\.ts$']) },
  to: { path, ...(typesAnywhere && { dependencyTypesNot: ['type-only'] }) },
});

export default {
  forbidden: [
    ...table,
    {
      name: 'no-unlisted-folder',
      severity: 'error',
      comment: 'A new folder needs a row in the import table.',
      from: {
        path: '^src/',
        pathNot: [...folders, 'app'].map((f) => `^src/${f}/`).concat(['^src/main\\.ts$']),
      },
      to: {},
    },
    {
      name: 'dialects-by-themselves',
      severity: 'error',
      comment: 'A dialect is a folder that can be deleted.',
      from: { path: '^src/dialects/([^/]+)/' },
      to: { path: '^src/dialects/', pathNot: '^src/dialects/$1/' },
    },
    { name: 'no-circular', severity: 'error', from: {}, to: { circular: true } },
    {
      name: 'pure-folders',
      severity: 'error',
      comment: 'The vocabulary takes no framework and no input or output.',
      from: { path: '^src/task/', pathNot: '\\.spec\\.ts$' },
      to: { pathNot: '^src/task/' },
    },
    {
      name: 'no-orphans',
      severity: 'error',
      from: { orphan: true, path: '^src/', pathNot: '\\.(spec|d)\\.ts$' },
      to: {},
    },
    vendor('bullmq', 'node_modules/(bullmq|@nestjs/bullmq)/', ['queue/']),
    vendor('ioredis', 'node_modules/ioredis/', ['redis/'], { typesAnywhere: true }),
    vendor('ajv', 'node_modules/ajv/', ['task-types/']),
    vendor('nodemailer', 'node_modules/nodemailer/', ['dispatch/']),
    vendor('undici', 'node_modules/undici/', ['dispatch/']),
    vendor('ws', 'node_modules/(ws|@types/ws)/', ['events/']),
    vendor('opentelemetry', 'node_modules/@opentelemetry/', ['tracing/']),
    vendor('prom-client', 'node_modules/prom-client/', ['metrics/']),
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'default', 'types'],
    },
  },
};
