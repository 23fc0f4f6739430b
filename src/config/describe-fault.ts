import { getMetadataStorage, type ValidationError } from 'class-validator';
import type { Setting } from './setting.js';

/** The arguments of each rule of a property, by the rule's name. */
type Rules = Readonly<Record<string, readonly unknown[] | undefined>>;

/** One sentence about a wrong setting: what it must be, and what was given unless that is secret. */
export function describeFault(error: ValidationError, setting: Setting, given = ''): string {
  const allowed = allowedBy(rulesOf(error));
  const demand = allowed === undefined ? ownWords(error) : `must be ${allowed}`;
  const shown = setting.secret ? 'a secret' : JSON.stringify(withoutSecrets(given));
  return `${setting.name} ${demand} (got ${shown})`;
}

/** Somebody writes a password or a token into a URL also where there may be none. */
function withoutSecrets(text: string): string {
  return text
    .replace(/((?:^|[\s,])(?:[a-z][a-z0-9+.-]*:\/\/)?)[^\s,]*@/gi, '$1…@')
    .replace(/\?[^\s,]+/g, '?…');
}

function rulesOf({ target, property }: ValidationError): Rules {
  const group = target?.constructor ?? Object;
  const all = getMetadataStorage().getTargetValidationMetadatas(group, '', false, false);
  const own = all.filter((rule) => rule.propertyName === property);
  // Rules without arguments have no list at all, whatever the types say.
  const entries = own.map(({ name = '', constraints }): [string, unknown[]] => [
    name,
    (constraints as unknown[] | undefined) ?? [],
  ]);
  return Object.fromEntries(entries);
}

/** All rules of a setting in a few words; nothing for rules that bring words of their own. */
function allowedBy(rules: Rules): string | undefined {
  if (rules['isIn']) return `one of ${(rules['isIn'][0] as readonly string[]).join(', ')}`;
  if (rules['isBoolean']) return 'true or false';
  if (rules['isIp']) return 'an IPv4 or IPv6 address';
  if (rules['isInt']) return `a whole number${range(rules)}`;
  return rules['isNumber'] ? `a number${range(rules)}, like 0.5` : undefined;
}

function range({ min, max }: Rules): string {
  if (min && max) return ` from ${String(min[0])} to ${String(max[0])}`;
  return min ? ` of at least ${String(min[0])}` : '';
}

/** class-validator puts the property's name in front; of several texts the first rule's is the one to read. */
function ownWords({ constraints = {}, property }: ValidationError): string {
  const text = Object.values(constraints).at(-1) ?? 'is wrong';
  return text.startsWith(`${property} `) ? text.slice(property.length + 1) : text;
}
