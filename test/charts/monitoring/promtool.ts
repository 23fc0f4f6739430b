import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { stringify } from 'yaml';
import { TOOLS } from '../render.js';
import type { SeriesLine } from './alert-case.js';

/** What promtool prints. Throws Error with it when it finds a fault. @param input on its standard input */
export function promtool(args: readonly string[], input = ''): string {
  try {
    return execFileSync(`${TOOLS}promtool`, args, { input, encoding: 'utf8', stdio: 'pipe' });
  } catch (error) {
    const { stdout, stderr } = error as { stdout: string; stderr: string };
    throw new Error(`promtool ${args.join(' ')}: ${stdout}${stderr}`, { cause: error });
  }
}

/** One group of `promtool test rules`. */
export interface RuleTest {
  readonly name: string;
  readonly series: readonly SeriesLine[];
  readonly atMinute: number;
  readonly alert: string;
  /** Labels and annotations of each that fires; none = it does not. */
  readonly firing: readonly {
    readonly exp_labels: Readonly<Record<string, string>>;
    readonly exp_annotations: Readonly<Record<string, string>>;
  }[];
}

/** Throws Error with what differs. */
export function testRules(ruleFile: string, tests: readonly RuleTest[]): void {
  const file = {
    rule_files: [resolve(ruleFile)],
    evaluation_interval: '1m',
    tests: tests.map(({ name, series, atMinute, alert, firing }) => ({
      name,
      interval: '1m',
      input_series: series.map(inputSeries),
      alert_rule_test: [{ eval_time: `${atMinute}m`, alertname: alert, exp_alerts: firing }],
    })),
  };
  withFile(stringify(file), (path) => promtool(['test', 'rules', path]));
}

export function withFile<T>(text: string, use: (path: string) => T): T {
  const folder = mkdtempSync(join(tmpdir(), 'promtool-'));
  const path = join(folder, 'file.yaml');
  writeFileSync(path, text);
  try {
    return use(path);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** `up{job="a"} 1x60`: the values begin behind the first space that is outside of quotes. */
function inputSeries(line: SeriesLine): { series: string; values: string } {
  const [, series = '', values = ''] = /^((?:"[^"]*"|[^" ])+) (.+)$/.exec(line) ?? [];
  return { series, values };
}
