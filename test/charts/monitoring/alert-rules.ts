import { readFileSync } from 'node:fs';
import { parse } from 'yaml';

export interface AlertRule {
  readonly alert: string;
  readonly expr: string;
  readonly for: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<'summary' | 'description' | 'runbook_url', string>>;
}

export interface RuleGroups {
  readonly groups: readonly { readonly name: string; readonly rules: readonly AlertRule[] }[];
}

export const RULE_FILE = 'charts/task-runner/alerts/rules.yaml';

export const rulesIn = ({ groups }: RuleGroups): AlertRule[] => groups.flatMap(({ rules }) => rules);

export const ALERTS: readonly AlertRule[] = rulesIn(parse(readFileSync(RULE_FILE, 'utf8')) as RuleGroups);
