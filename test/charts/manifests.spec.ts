import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { faultsOf, KUBERNETES } from './conform.js';
import { at, environment, find, parse } from './render.js';
import { SETTING_NAMES } from './setting-names.js';

const FILES = ['redis-deployment', 'api-deployment', 'worker-deployment'] as const;
const texts = Object.fromEntries(
  FILES.map((name) => [name, readFileSync(`deploy/k8s/${name}.yaml`, 'utf8')]),
);
const objects = FILES.flatMap((name) => parse(texts[name] ?? ''));

const container = (name: string) => at(find(objects, 'Deployment', name), 'spec.template.spec.containers.0');

// Names and numbers are those of Task Queue Worker System; the comments name the rows of docs/source-coverage.md.
describe('deploy/k8s', () => {
  it.each(KUBERNETES)('holds what Kubernetes %s takes', (version) => {
    expect(faultsOf(texts, version)).toEqual([]);
  });

  // S3 19, 21, 22, 23, 38, 39, 41
  it.each([
    ['redis', 'redis', 1, 'redis:7.4-bookworm'],
    ['task-api', 'task-api', 3, 'task-queue-api:latest'],
    ['task-worker', 'task-worker', 2, 'task-queue-worker:latest'],
  ])('has the deployment %s, with its label, replicas and image', (name, app, replicas, image) => {
    const spec = find(objects, 'Deployment', name)?.['spec'];
    expect([at(spec, 'template.metadata.labels'), at(spec, 'replicas')]).toEqual([{ app }, replicas]);
    expect(at(container(name), 'image')).toBe(image);
  });

  // S3 8, 19, 23, 24
  it.each([
    ['redis-service', { app: 'redis' }, 6379, undefined],
    ['api-service', { app: 'task-api' }, 80, 'LoadBalancer'],
  ])('has the service %s', (name, selector, port, type) => {
    const spec = find(objects, 'Service', name)?.['spec'];
    expect(spec).toMatchObject({ selector, ports: [{ port }] });
    expect(at(spec, 'type')).toBe(type);
  });

  // S3 3, 44
  it('scales workers as Task Queue Worker System does', () => {
    expect(find(objects, 'HorizontalPodAutoscaler', 'task-worker-hpa')?.['spec']).toMatchObject({
      scaleTargetRef: { kind: 'Deployment', name: 'task-worker' },
      minReplicas: 2,
      maxReplicas: 10,
      metrics: [{ resource: { name: 'cpu', target: { averageUtilization: 70 } } }],
      behavior: {
        scaleUp: {
          stabilizationWindowSeconds: 0,
          policies: [
            { type: 'Percent', value: 100, periodSeconds: 15 },
            { type: 'Pods', value: 2, periodSeconds: 15 },
          ],
        },
        scaleDown: {
          stabilizationWindowSeconds: 300,
          policies: [{ type: 'Percent', value: 50, periodSeconds: 60 }],
        },
      },
    });
  });

  // S3 6, 7
  it.each(['task-api', 'task-worker'])(
    'probes and limits %s as Task Queue Worker System does, by settings of the product',
    (name) => {
      expect(container(name)).toMatchObject({
        livenessProbe: {
          httpGet: { path: '/health/live', port: 'http' },
          initialDelaySeconds: 30,
          periodSeconds: 10,
        },
        readinessProbe: {
          httpGet: { path: '/health/ready', port: 'http' },
          initialDelaySeconds: 5,
          periodSeconds: 5,
        },
        resources: { requests: { memory: '128Mi', cpu: '100m' }, limits: { memory: '256Mi', cpu: '500m' } },
      });
      const settings = environment(find(objects, 'Deployment', name));
      expect(Object.keys(settings).filter((setting) => !SETTING_NAMES.has(setting))).toEqual([]);
      expect(at(container(name), 'ports')).toEqual([
        { name: 'http', containerPort: Number(settings['PORT']) },
      ]);
      expect([settings['REDIS_HOST'], settings['REDIS_PORT']]).toEqual(['redis-service', '6379']);
    },
  );

  // S3 9
  it('keeps what is queued on a volume', () => {
    const claim = at(
      find(objects, 'Deployment', 'redis'),
      'spec.template.spec.volumes.0.persistentVolumeClaim.claimName',
    );
    expect(find(objects, 'PersistentVolumeClaim', String(claim))).toBeDefined();
    expect(at(container('redis'), 'args')).toEqual(
      expect.arrayContaining(['--appendonly', 'yes', 'always', 'noeviction']),
    );
  });
});
