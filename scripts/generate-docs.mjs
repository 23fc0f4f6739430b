// Writes what the documentation takes from the code: openapi.json, the references of configuration and metrics, the table
// in the README, .env.example, the Dockerfiles of the two halves, the import table, the list of decisions, and the dashboards of Grafana. Works on the built app (`npm run docs` builds first);
// needs no Redis and no port.
// With --check it writes nothing, names every file that differs, and exits with 1.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { format, resolveConfig } from 'prettier';

const ROOT = fileURLToPath(new URL('..', import.meta.url));

if (existsSync(`${ROOT}dist/main.js`)) process.exitCode = await run(process.argv.includes('--check'));
else {
  console.error('There is no build. Run: npm run build');
  process.exitCode = 1;
}

async function run(checkOnly) {
  const stale = Object.entries(await generate()).filter(([path, text]) => current(path) !== text);
  for (const [path, text] of stale) {
    if (checkOnly) console.error(`${path} differs from what the code says. Run: npm run docs`);
    else {
      writeFileSync(ROOT + path, text);
      console.log(`${path} written`);
    }
  }
  if (stale.length === 0) console.log('The generated documentation is up to date.');
  return checkOnly && stale.length > 0 ? 1 : 0;
}

/** Every generated file: path to content. */
async function generate() {
  const { openApi } = await import('./lib/docs/openapi.mjs');
  const { settingGroups } = await import('./lib/docs/settings.mjs');
  const { environmentExample, reference, withTable } = await import('./lib/docs/configuration.mjs');
  const { metricsReference } = await import('./lib/docs/metrics.mjs');
  const { decisions, withImportTable } = await import('./lib/docs/house.mjs');
  const { allowed } = await import('../.dependency-cruiser.mjs');
  const { dashboards } = await import('./lib/dashboards/all.mjs');
  const groups = settingGroups();
  return {
    'openapi.json': await openApi(),
    'docs/configuration.md': await pretty(reference(groups)),
    'docs/metrics.md': await pretty(metricsReference()),
    'docs/architecture.md': await pretty(withImportTable(current('docs/architecture.md'), allowed)),
    'docs/adr/README.md': await pretty(decisions(`${ROOT}docs/adr`)),
    'README.md': await pretty(withTable(current('README.md'), groups)),
    '.env.example': environmentExample(groups),
    'Dockerfile.api': dockerfileFor('api'),
    'Dockerfile.worker': dockerfileFor('worker'),
    ...dashboards(),
  };
}

/** One half of the product as an image of its own, which builds without the other. */
function dockerfileFor(mode) {
  const text = current('Dockerfile').replace('ARG MODE=both', `ARG MODE=${mode}`);
  return text.replace(/^#.*\n#.*\n/, '# Written by `npm run docs` from Dockerfile; do not edit.\n');
}

function current(path) {
  return existsSync(ROOT + path) ? readFileSync(ROOT + path, 'utf8') : '';
}

async function pretty(markdown) {
  return format(markdown, { ...(await resolveConfig(`${ROOT}README.md`)), parser: 'markdown' });
}
