import { execFile } from 'node:child_process';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { promisify } from 'node:util';
import { at, find, type Manifest, parse, TOOLS, type Values } from './render.js';

/** Kinds that the chart renders with the values of these tests, by the API that has them. */
const KINDS: Readonly<Record<string, readonly string[]>> = {
  v1: ['ConfigMap', 'Pod', 'Secret', 'Service', 'ServiceAccount'],
  'apps/v1': ['Deployment', 'StatefulSet'],
  'autoscaling/v2': ['HorizontalPodAutoscaler'],
  'networking.k8s.io/v1': ['Ingress', 'NetworkPolicy'],
  'policy/v1': ['PodDisruptionBudget'],
  'keda.sh/v1alpha1': ['ScaledObject', 'TriggerAuthentication'],
};

/** What Helm notes on objects that it applies, and without which it takes them for somebody else's. */
const OWNED = {
  annotations: {
    'helm.sh/resource-policy': 'keep',
    'meta.helm.sh/release-name': 'task-runner',
    'meta.helm.sh/release-namespace': 'tasks',
  },
};

/**
 * As much of the API of Kubernetes as Helm asks when it renders an upgrade: which kinds there are, and what is in the Secret
 * that the last one left. Nothing is applied; a test leaves the Secret itself.
 */
export class Cluster {
  private secret: Manifest | undefined;
  private readonly server = createServer((request, response) => {
    this.answer((request.url ?? '').replace(/\?.*/, ''), response);
  });

  static async start(): Promise<Cluster> {
    const cluster = new Cluster();
    await new Promise<void>((resolve) => cluster.server.listen(0, '127.0.0.1', resolve));
    return cluster;
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  /** Renders the chart as an upgrade of what is there, and keeps its Secret for the next one. */
  async upgrade(values: Values = {}): Promise<Manifest[]> {
    const { port } = this.server.address() as AddressInfo;
    const server = ['--kube-apiserver', `http://127.0.0.1:${port}`, '--dry-run=server'];
    const chart = ['template', 'task-runner', 'charts/task-runner', '--namespace', 'tasks'];
    const run = promisify(execFile)(
      `${TOOLS}helm`,
      [...chart, ...server, '--disable-openapi-validation', '--values', '-'],
      { env: { ...process.env, KUBECONFIG: '/dev/null' } },
    );
    run.child.stdin?.end(JSON.stringify(values));
    const objects = parse((await run).stdout);
    const secret = find(objects, 'Secret', 'task-runner-secrets');
    if (secret) this.secret = { ...secret, metadata: { ...secret.metadata, ...OWNED } };
    return objects;
  }

  /** What the Secret has by now, in base64. */
  get data(): Record<string, string> {
    return (at(this.secret, 'data') ?? {}) as Record<string, string>;
  }

  private answer(path: string, response: ServerResponse): void {
    const body = this.found(path);
    response.statusCode = body ? 200 : 404;
    response.setHeader('Content-Type', 'application/json');
    response.end(JSON.stringify(body ?? { kind: 'Status', apiVersion: 'v1', status: 'Failure', code: 404 }));
  }

  private found(path: string): unknown {
    if (path === '/version') return { major: '1', minor: '35', gitVersion: 'v1.35.4' };
    if (path === '/api') return { kind: 'APIVersions', versions: ['v1'] };
    if (path === '/apis') return { kind: 'APIGroupList', apiVersion: 'v1', groups: groups() };
    if (path === '/api/v1/namespaces/tasks/secrets/task-runner-secrets') return this.secret;
    const version = /^\/apis?\/([a-z0-9./]+)$/.exec(path)?.[1] ?? '';
    const kinds = KINDS[version];
    return kinds && { kind: 'APIResourceList', groupVersion: version, resources: kinds.map(resource) };
  }
}

function groups(): unknown[] {
  return Object.keys(KINDS)
    .filter((groupVersion) => groupVersion.includes('/'))
    .map((groupVersion) => {
      const [name = '', version = ''] = groupVersion.split('/');
      return { name, versions: [{ groupVersion, version }], preferredVersion: { groupVersion, version } };
    });
}

function resource(kind: string): unknown {
  const one = kind.toLowerCase();
  const name = one.endsWith('y') ? `${one.slice(0, -1)}ies` : one.endsWith('s') ? `${one}es` : `${one}s`;
  return { name, singularName: one, namespaced: true, kind, verbs: ['get', 'list', 'create', 'patch'] };
}
