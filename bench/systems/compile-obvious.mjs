import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import ts from 'typescript';

const SOURCE = new URL('../obvious/', import.meta.url);
/** Below the project, so that its packages are found; not in dist, which is what a deployment gets. */
const COMPILED = new URL('../../.runtime/bench-obvious/', import.meta.url);

let main;

/**
 * Decorators need a compiler; the rest of the benchmark runs as it is.
 *
 * @returns {URL} the compiled program
 */
export function compileObvious() {
  main ??= compile();
  return main;
}

function compile() {
  const compilerOptions = {
    module: ts.ModuleKind.ESNext,
    target: ts.ScriptTarget.ES2023,
    experimentalDecorators: true,
    emitDecoratorMetadata: true,
  };
  mkdirSync(COMPILED, { recursive: true });
  for (const name of readdirSync(SOURCE)) {
    const source = readFileSync(new URL(name, SOURCE), 'utf8');
    const { outputText } = ts.transpileModule(source, { compilerOptions, fileName: name });
    writeFileSync(new URL(name.replace(/\.ts$/, '.js'), COMPILED), outputText);
  }
  return new URL('main.js', COMPILED);
}
