import { IsString } from 'class-validator';
import { compileAddressPolicy } from '../net/address-policy.js';
import { faultOfTypeName, type MappingRules, readMapping } from '../task-types/read-mapping.js';
import type { TypeMapping } from '../task-types/type-mapping.js';
import { Env } from './setting.js';

/** Types of task that are calls of one URL. */
export class TaskTypeSettings {
  @Env(
    'TASK_TYPES',
    'Types of task that are mapped to a URL, which gets their payload as JSON: JSON here, `task_types` in `config.yaml`. `PUT /admin/task-types/{type}` says it otherwise while the product runs.',
    {
      secret: true,
      allowed: '`{"<type>":{"url":…,"method":…,"headers":{…},"timeout":…,"payload_schema":{…}}}`',
    },
  )
  @IsString()
  mapped = '';
}

interface Settings {
  readonly taskTypes: TaskTypeSettings;
  readonly outgoing: Parameters<typeof compileAddressPolicy>[0];
  readonly delivery: { readonly maxTimeoutSec: number };
}

export function mappingRules({ outgoing, delivery }: Omit<Settings, 'taskTypes'>): MappingRules {
  return { guard: compileAddressPolicy(outgoing), maxTimeoutMs: delivery.maxTimeoutSec * 1000 };
}

/** What the configuration maps, by type, and everything that is wrong with it. */
export function readTypeMappings(settings: Settings): {
  readonly mappings: ReadonlyMap<string, TypeMapping>;
  readonly faults: readonly string[];
} {
  const rules = mappingRules(settings);
  const mappings = new Map<string, TypeMapping>();
  const faults: string[] = [];
  for (const [type, value] of entriesIn(settings.taskTypes.mapped)) {
    const name = faultOfTypeName(type);
    const read = readMapping(value, rules);
    if (name !== undefined) faults.push(`TASK_TYPES: the type ${JSON.stringify(type)} ${name}`);
    if ('mapping' in read) mappings.set(type, read.mapping);
    else faults.push(...read.faults.map(({ pointer, detail }) => `TASK_TYPES ${type}${pointer} ${detail}`));
  }
  return { mappings, faults };
}

function entriesIn(text: string): [string, unknown][] {
  if (text === '') return [];
  const value = parsed(text);
  const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
  return isObject ? Object.entries(value) : [['', value]];
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
