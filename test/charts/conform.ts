import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { TOOLS } from './render.js';

/** The oldest release that the chart takes, nearly, the newest, and one between. */
export const KUBERNETES = ['1.33', '1.35', '1.37'] as const;

/**
 * The faults that kubeconform finds in objects, each in a line that begins with the name of its text; none when they are what
 * that Kubernetes takes. All texts at once: a schema is large, and compiled at each start.
 */
export function faultsOf(
  texts: Readonly<Record<string, string>>,
  version: (typeof KUBERNETES)[number],
): string[] {
  const folder = mkdtempSync(join(tmpdir(), 'kubeconform-'));
  for (const [name, text] of Object.entries(texts)) writeFileSync(join(folder, `${name}.yaml`), text);
  const file = '{{ .ResourceKind }}{{ .KindSuffix }}.json';
  const schemas = [version, 'operators'].flatMap((name) => [
    '-schema-location',
    `${TOOLS}schemas/${name}/${file}`,
  ]);
  try {
    execFileSync(`${TOOLS}kubeconform`, ['-strict', ...schemas, folder], { encoding: 'utf8' });
    return [];
  } catch (error) {
    const lines = (error as { stdout: string }).stdout.trim().split('\n');
    return lines.map((line) => line.replaceAll(`${folder}/`, ''));
  } finally {
    rmSync(folder, { recursive: true });
  }
}
