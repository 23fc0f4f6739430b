import { execFileSync } from 'node:child_process';
import { parseAllDocuments } from 'yaml';

/** A rendered object, as far as tests look at it. */
export interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly labels?: Record<string, string> };
  readonly [field: string]: unknown;
}

export type Values = Readonly<Record<string, unknown>>;

interface Options {
  readonly chart?: string;
  /** Names begin with it; the sources' own names come about with this one. */
  readonly release?: string;
  readonly files?: readonly string[];
}

export const TOOLS = '.runtime/chart-tools/';

/** What `helm template` makes of a chart with these values. Throws Error with Helm's message. */
export function renderText(values: Values = {}, options: Options = {}): string {
  const { chart = 'charts/task-runner', release = 'task-runner', files = [] } = options;
  const given = files.flatMap((file) => ['--values', file]);
  const args = ['template', release, chart, '--namespace', 'tasks', ...given, '--values', '-'];
  try {
    const stdio = ['pipe' as const, 'pipe' as const, 'pipe' as const];
    return execFileSync(`${TOOLS}helm`, args, { input: JSON.stringify(values), encoding: 'utf8', stdio });
  } catch (error) {
    throw new Error((error as { stderr: string }).stderr, { cause: error });
  }
}

export function render(values: Values = {}, options: Options = {}): Manifest[] {
  return parse(renderText(values, options));
}

/** All documents of a text; one that is no object is left out. */
export function parse(text: string): Manifest[] {
  return parseAllDocuments(text)
    .map((document) => {
      if (document.errors[0]) throw document.errors[0];
      return document.toJS() as Manifest | null;
    })
    .filter((manifest) => manifest !== null);
}

export function find(objects: readonly Manifest[], kind: string, name: string): Manifest | undefined {
  return objects.find((object) => object.kind === kind && object.metadata.name === name);
}

/** The field of a value at a path like `spec.containers.0.image`; undefined when there is none. */
export function at(value: unknown, path: string): unknown {
  return path
    .split('.')
    .reduce<unknown>((inner, key) => (inner as Record<string, unknown> | undefined)?.[key], value);
}

/** `{ a: { b: 1 } }` for `a.b`. */
export function nested(path: string, value: unknown): Record<string, unknown> {
  return path.split('.').reduceRight<unknown>((inner, key) => ({ [key]: inner }), value) as Record<
    string,
    unknown
  >;
}

interface EnvEntry {
  readonly name: string;
  readonly value?: string;
  readonly valueFrom?: { readonly secretKeyRef?: { readonly name: string; readonly key: string } };
}

/** The environment of the container of a workload; what comes from a Secret as `name/key`. */
export function environment(workload: Manifest | undefined): Record<string, string> {
  const entries = (at(workload, 'spec.template.spec.containers.0.env') ?? []) as EnvEntry[];
  return Object.fromEntries(
    entries.map(({ name, value, valueFrom }) => [name, value ?? fromSecret(valueFrom)]),
  );
}

function fromSecret(source: EnvEntry['valueFrom']): string {
  const { secretKeyRef } = source ?? {};
  return secretKeyRef ? `${secretKeyRef.name}/${secretKeyRef.key}` : '';
}
