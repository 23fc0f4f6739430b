// Brings what `npm run test:charts` needs, once, into .runtime/chart-tools, and says what and why. All of it comes through
// the Go command: Helm, kubeconform and Prometheus with promtool are built, and the schemas of Kubernetes, of the operators and of Compose are in the
// modules of those projects, exactly as they were released.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { fromDefinitions, fromOpenApi } from './lib/kubernetes-schemas.mjs';

const FOLDER = fileURLToPath(new URL('../.runtime/chart-tools/', import.meta.url));

const PROGRAMS = {
  helm: { from: 'helm.sh/helm/v4/cmd/helm@v4.3.1', why: 'lints and renders the charts' },
  kubeconform: {
    from: 'github.com/yannh/kubeconform/cmd/kubeconform@v0.8.0',
    why: 'checks objects against schemas',
  },
  promtool: {
    from: 'github.com/prometheus/prometheus/cmd/promtool@v0.313.5',
    why: 'checks and tests alerts and metrics',
    tags: 'remove_all_sd,enable_dns_sd',
  },
  prometheus: {
    from: 'github.com/prometheus/prometheus/cmd/prometheus@v0.313.5',
    why: 'evaluates what dashboards and alerts ask',
    tags: 'remove_all_sd,enable_dns_sd',
  },
};

const MODULES = {
  'kubernetes-1.33': { from: 'k8s.io/kubernetes@v1.33.13', why: 'the API of Kubernetes 1.33' },
  'kubernetes-1.35': { from: 'k8s.io/kubernetes@v1.35.4', why: 'the API of Kubernetes 1.35' },
  'kubernetes-1.37': { from: 'k8s.io/kubernetes@v1.37.2', why: 'the API of Kubernetes 1.37' },
  keda: { from: 'github.com/kedacore/keda/v2@v2.21.0', why: 'ScaledObject, TriggerAuthentication' },
  prometheus: {
    from: 'github.com/prometheus-operator/prometheus-operator@v0.85.0',
    why: 'ServiceMonitor, PrometheusRule',
  },
  compose: { from: 'github.com/compose-spec/compose-go/v2@v2.16.2', why: 'the schema of Compose files' },
};

if (!hasGo()) {
  console.error(
    'The tests of the charts need Go 1.26 or newer on the PATH, which builds Helm: https://go.dev/dl/',
  );
  process.exit(1);
}
mkdirSync(FOLDER, { recursive: true });
for (const [name, program] of Object.entries(PROGRAMS)) install(name, program);
const folders = {};
for (const [name, module] of Object.entries(MODULES)) folders[name] = download(name, module);
writeFileSync(`${FOLDER}modules.json`, `${JSON.stringify(folders, null, 2)}\n`);
writeSchemas();

/** Into schemas/1.33 and so on, those of the operators beside them in schemas/operators. */
function writeSchemas() {
  for (const [name, folder] of Object.entries(folders)) {
    const [project, version] = name.split('-');
    if (project === 'kubernetes')
      fromOpenApi(`${folder}/api/openapi-spec/swagger.json`, `${FOLDER}schemas/${version}`);
  }
  const keda = `${folders.keda}/config/crd/bases/keda.sh_`;
  const prometheus = `${folders.prometheus}/example/prometheus-operator-crd/monitoring.coreos.com_`;
  const crds = [
    ...['scaledobjects', 'triggerauthentications'].map((name) => `${keda}${name}.yaml`),
    ...['servicemonitors', 'prometheusrules'].map((name) => `${prometheus}${name}.yaml`),
  ];
  fromDefinitions(crds, `${FOLDER}schemas/operators`);
}

function hasGo() {
  try {
    return execFileSync('go', ['version'], { stdio: ['ignore', 'pipe', 'ignore'] }).length > 0;
  } catch {
    return false;
  }
}

/** Builds a program unless that version is there. */
function install(name, { from, why, tags }) {
  const stamp = `${FOLDER}${name}.version`;
  if (existsSync(FOLDER + name) && existsSync(stamp) && readFileSync(stamp, 'utf8') === from) return;
  console.log(`Building ${from}, which ${why} (a few minutes, once) ...`);
  if (tags === undefined) go(FOLDER, ['install', from], { GOBIN: FOLDER });
  else build(name, from, tags);
  writeFileSync(stamp, from);
}

/** In a module of its own: `go install` takes no program whose module replaces others. @param tags leave out what is not needed */
function build(name, from, tags) {
  const folder = `${FOLDER}build-${name}/`;
  mkdirSync(folder, { recursive: true });
  writeFileSync(`${folder}go.mod`, `module ${name}\n`);
  go(folder, ['get', `-tags=${tags}`, from]);
  go(folder, ['build', `-tags=${tags}`, '-o', FOLDER + name, from.slice(0, from.lastIndexOf('@'))]);
  rmSync(folder, { recursive: true });
}

function go(cwd, args, environment = {}) {
  execFileSync('go', args, { cwd, env: { ...process.env, ...environment }, stdio: 'inherit' });
}

/** The folder of a module in Go's cache. Go keeps it, and checks what it fetches against the checksum database. */
function download(name, { from, why }) {
  const known = existsSync(`${FOLDER}modules.json`)
    ? JSON.parse(readFileSync(`${FOLDER}modules.json`, 'utf8'))
    : {};
  if (known[name]?.endsWith(from.slice(from.lastIndexOf('@'))) && existsSync(known[name])) return known[name];
  console.log(`Fetching ${from}: ${why}`);
  const options = { cwd: FOLDER, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] };
  return JSON.parse(execFileSync('go', ['mod', 'download', '-json', from], options)).Dir;
}
