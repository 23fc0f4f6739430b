import { existsSync, readFileSync } from 'node:fs';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { SETTING_NAMES } from './setting-names.js';
import { TOOLS } from './render.js';

interface Service {
  readonly image: string;
  readonly profiles?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly ports?: readonly string[];
  readonly volumes?: readonly string[];
  readonly depends_on?: Readonly<Record<string, { condition: string }>>;
  readonly deploy?: { readonly replicas: number };
  readonly container_name?: string;
  readonly logging?: { readonly options?: Readonly<Record<string, string>> };
  readonly read_only?: boolean;
  readonly cap_drop?: readonly string[];
  readonly security_opt?: readonly string[];
}

interface Compose {
  readonly services: Readonly<Record<string, Service>>;
  readonly volumes: Readonly<Record<string, unknown>>;
}

const text = readFileSync('docker-compose.yml', 'utf8');
const compose = parse(text, { merge: true }) as Compose;
const services = Object.entries(compose.services);
const usual = services.filter(([, { profiles }]) => profiles === undefined).map(([name]) => name);

describe('docker-compose.yml', () => {
  it('is what the Compose specification says', () => {
    const modules = JSON.parse(readFileSync(`${TOOLS}modules.json`, 'utf8')) as { compose: string };
    const schema = JSON.parse(readFileSync(`${modules.compose}/schema/compose-spec.json`, 'utf8')) as object;
    const validate = new Ajv2020({ strict: false, validateFormats: false }).compile(schema);
    expect(validate(compose) ? [] : validate.errors).toEqual([]);
    expect(validate({ services: { x: { imagee: 'y' } } })).toBe(false);
  });

  it('starts the API, two workers and a Redis with replicas and Sentinels', () => {
    const redis = ['redis', 'redis-replica-1', 'redis-replica-2'];
    const sentinels = ['sentinel-1', 'sentinel-2', 'sentinel-3'];
    expect(usual).toEqual(['dispatcher', 'worker', ...redis, ...sentinels]);
    expect(compose.services['worker']?.deploy?.replicas).toBe(2);
    const addresses = compose.services['worker']?.environment?.['REDIS_SENTINEL_ADDR']?.split(',');
    expect(addresses).toEqual(sentinels.map((name) => `${name}:26379`));
  });

  // S3 13, S4 12
  it('has the API on port 5000 as well, and Prometheus under a profile', () => {
    expect(compose.services['dispatcher']?.ports).toContain('127.0.0.1:${API_SECOND_HOST_PORT:-5000}:8080');
    expect(compose.services['prometheus']?.profiles).toEqual(['monitoring']);
    expect(compose.services['prometheus']?.ports?.[0]).toMatch(/:9090$/);
  });

  it('publishes to this machine only, and each port can be moved', () => {
    const ports = services.flatMap(([, service]) => service.ports ?? []);
    expect(ports.length).toBeGreaterThan(5);
    for (const port of ports) expect(port).toMatch(/^127\.0\.0\.1:\$\{[A-Z_]+:-\d+\}:\d+$/);
  });

  it('lets every service be scaled that publishes nothing', () => {
    expect(services.filter(([, { container_name: name }]) => name !== undefined)).toEqual([]);
    expect(compose.services['worker']?.ports).toBeUndefined();
  });

  it('starts nothing before what it needs, and names nothing that is not there', () => {
    for (const [, { depends_on: needed = {}, volumes = [] }] of services) {
      for (const [name, { condition }] of Object.entries(needed)) {
        expect([name in compose.services, condition]).toEqual([true, 'service_healthy']);
      }
      for (const [source = ''] of volumes.map((volume) => volume.split(':'))) {
        expect([source, source.startsWith('./') ? existsSync(source) : source in compose.volumes]).toEqual([
          source,
          true,
        ]);
      }
    }
  });

  it('says to the product what the product knows', () => {
    const ours = services.filter(([, { image }]) => image === 'task-runner');
    const names = ours.flatMap(([, { environment = {} }]) => Object.keys(environment));
    expect(names.filter((name) => !SETTING_NAMES.has(name))).toEqual([]);
    expect(ours.map(([name]) => name)).toEqual(['dispatcher', 'worker', 'single']);
  });

  it('lets nothing grow without bounds: neither logs nor Redis', () => {
    const redis = services.filter(([, { environment = {} }]) => 'APPENDFSYNC' in environment);
    expect(redis.length).toBe(7);
    for (const [, { environment = {} }] of redis)
      expect(environment['MAXMEMORY']).toMatch(/^\$\{[A-Z_]+:-\d+mb\}$/);
    for (const [name, { logging }] of services)
      expect([name, logging?.options]).toEqual([name, { 'max-size': '10m', 'max-file': '5' }]);
  });

  it('gives no service a root file system that it can write to, or a capability', () => {
    for (const [name, service] of services) {
      const { read_only: readOnly, cap_drop: dropped, security_opt: options } = service;
      expect([name, readOnly, dropped, options]).toEqual([name, true, ['ALL'], ['no-new-privileges:true']]);
    }
  });

  it('has no password of its own', () => {
    const secrets = services.flatMap(([, { environment = {} }]) => {
      return Object.entries(environment).filter(([name]) => /PASSWORD|KEY|TOKEN/.test(name));
    });
    expect(secrets.length).toBeGreaterThan(10);
    for (const [name, value] of secrets)
      expect([name, value]).toEqual([name, expect.stringMatching(/^\$\{[A-Z_]+:-\}$/)]);
  });
});
