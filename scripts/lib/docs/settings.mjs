// Every setting of the product as the classes in src/config declare it.
import { getMetadataStorage } from 'class-validator';
import { Config } from '../../../dist/config/config.js';
import { settingsOf } from '../../../dist/config/setting.js';

/**
 * @typedef {object} DocumentedSetting
 * @property {string} name of the environment variable
 * @property {string} about what it does
 * @property {string} fallback its default as one would write it; empty for none
 * @property {string} allowed Markdown; what its rules say, or its own `allowed`
 * @property {boolean} secret
 * @property {readonly string[]} aliases
 *
 * @throws {Error} when there is nothing to say about what a setting may be
 * @returns {{ title: string, settings: DocumentedSetting[] }[]} in the order of the code
 */
export function settingGroups() {
  return Object.entries(new Config()).map(([key, group]) => ({
    title: key[0].toUpperCase() + key.slice(1),
    settings: settingsOf(group.constructor).map((setting) => ({
      ...setting,
      fallback: String(group[setting.property]),
      allowed: setting.allowed ?? allowedBy(setting, rulesOf(group.constructor, setting.property)),
    })),
  }));
}

/** Name of a validator → its arguments. */
function rulesOf(group, property) {
  const all = getMetadataStorage().getTargetValidationMetadatas(group, '', false, false);
  const own = all.filter((rule) => rule.propertyName === property);
  return Object.fromEntries(own.map(({ name, constraints }) => [name, constraints ?? []]));
}

function allowedBy({ name }, { isIn, isBoolean, min, max }) {
  if (isIn) return isIn[0].map((value) => `\`${value}\``).join(', ');
  if (isBoolean) return '`true`, `false`';
  if (min && max) return `${min[0]} to ${max[0]}`;
  throw new Error(`Say what ${name} may be: @Env(..., { allowed: '...' })`);
}
