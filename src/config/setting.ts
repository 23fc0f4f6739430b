import 'reflect-metadata';

/** One environment variable: its name, what it does, and how it may be shown. */
export interface Setting {
  readonly property: string;
  readonly name: string;
  readonly about: string;
  readonly secret: boolean;
  /** Other names that mean the same; the first one set wins, `name` before all. */
  readonly aliases: readonly string[];
  /** What it may be, in Markdown, where the rules of the property do not say it by themselves. */
  readonly allowed?: string | undefined;
}

interface SettingOptions {
  secret?: boolean;
  aliases?: readonly string[];
  allowed?: string;
}

const KEY = Symbol('settings');

/** Binds a property of a group of settings to an environment variable; the property's default gives its type. */
export function Env(name: string, about: string, options: SettingOptions = {}): PropertyDecorator {
  return (target, property) => {
    const settings = settingsOf(target.constructor);
    const { secret = false, aliases = [], allowed } = options;
    const setting = { property: String(property), name, about, secret, aliases, allowed };
    Reflect.defineMetadata(KEY, [...settings, setting], target.constructor);
  };
}

/** The settings of a group's class, in the order they are written. */
export function settingsOf(group: object): readonly Setting[] {
  return (Reflect.getMetadata(KEY, group) as readonly Setting[] | undefined) ?? [];
}
