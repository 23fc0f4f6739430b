// Loaded before the product (`node --import`): its metrics count nothing, as if they were not there.
import { readdirSync } from 'node:fs';

const metrics = new URL('../../dist/metrics/', import.meta.url);

/** What is asked by who scrapes: there is nothing in the answer when nothing is counted. */
const ANSWERS = /\.module\.|\.controller\.|^counting\./;

for (const file of readdirSync(metrics).filter((name) => name.endsWith('.js') && !ANSWERS.test(name))) {
  for (const made of Object.values(await import(new URL(file, metrics)))) {
    if (typeof made === 'function' && /^class /.test(String(made))) silence(made.prototype);
  }
}

function silence(prototype) {
  for (const name of Object.getOwnPropertyNames(prototype)) {
    if (name !== 'constructor' && name !== 'index') prototype[name] = () => undefined;
  }
}
