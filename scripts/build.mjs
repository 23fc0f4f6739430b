// Compiles src/ to dist/ with the Swagger plugin, which turns DTO classes (types, defaults, validators,
// comments) into OpenAPI schemas. The compiler API is called directly: the Nest CLI would do the same and
// bring 70 packages, some of which refuse Node 20.
import { execFileSync } from 'node:child_process';
import { cpSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { before as swaggerPlugin } from '@nestjs/swagger/plugin';
import ts from 'typescript';

const root = fileURLToPath(new URL('..', import.meta.url));

const host = { ...ts.sys, onUnRecoverableConfigFileDiagnostic: (d) => fail([d]) };
const parsed = ts.getParsedCommandLineOfConfigFile(`${root}tsconfig.build.json`, {}, host);
const program = ts.createProgram(parsed.fileNames, parsed.options);
const transformer = swaggerPlugin(
  {
    esmCompatible: true,
    introspectComments: true,
    classValidatorShim: true,
    dtoFileNameSuffix: ['.dto.ts'],
  },
  program,
);

const faults = ts.getPreEmitDiagnostics(program);
if (faults.length > 0) fail(faults);
rmSync(`${root}dist`, { recursive: true, force: true });
const emitted = program.emit(undefined, undefined, undefined, false, { before: [transformer] });
if (emitted.diagnostics.length > 0) fail(emitted.diagnostics);

// Scripts for Redis are read as they are.
for (const name of readdirSync(`${root}src`, { recursive: true, encoding: 'utf8' })) {
  if (name.endsWith('.lua')) cpSync(`${root}src/${name}`, `${root}dist/${name}`);
}
writeFileSync(`${root}dist/build-info.json`, JSON.stringify(buildInfo()));

/** What `/version` tells. An image is built without the repository's history, so its commit comes as GIT_COMMIT. */
function buildInfo() {
  const { version } = JSON.parse(readFileSync(`${root}package.json`, 'utf8'));
  return { version, commit: process.env.GIT_COMMIT || headCommit(), built_at: new Date().toISOString() };
}

function headCommit() {
  try {
    const quiet = { cwd: root, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] };
    return execFileSync('git', ['rev-parse', '--short=12', 'HEAD'], quiet).trim();
  } catch {
    return 'unknown';
  }
}

function fail(diagnostics) {
  const format = { getCanonicalFileName: (f) => f, getCurrentDirectory: () => root, getNewLine: () => '\n' };
  process.stderr.write(ts.formatDiagnosticsWithColorAndContext(diagnostics, format));
  process.exit(1);
}
