import { Config } from '../../src/config/config.js';
import { settingsOf } from '../../src/config/setting.js';

/** Every variable that the product reads, under each of its names. */
export const SETTING_NAMES: ReadonlySet<string> = new Set(
  Object.values(new Config()).flatMap((group: object) => {
    return settingsOf(group.constructor).flatMap(({ name, aliases }) => [name, ...aliases]);
  }),
);
