import { cpSync, existsSync, mkdirSync, mkdtempSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const SCRIPTS = fileURLToPath(new URL('../../scripts', import.meta.url));

/** A project of its own in a temporary folder: the real scripts and the files given, path to content. */
export function copyProject(files: Record<string, string>): string {
  const root = mkdtempSync(join(tmpdir(), 'task-runner-project-'));
  cpSync(SCRIPTS, join(root, 'scripts'), { recursive: true });
  const all = { 'package.json': '{"name":"copy","type":"module"}', 'package-lock.json': '{}', ...files };
  for (const [path, content] of Object.entries(all)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), content);
  }
  return root;
}

/** Fills a folder with links to these programs of this machine, to serve as a PATH that holds nothing else. */
export function folderOfPrograms(folder: string, names: string[]): string {
  mkdirSync(folder, { recursive: true });
  for (const name of names) {
    const folders = (process.env['PATH'] ?? '').split(delimiter);
    const found = folders.map((entry) => join(entry, name)).find((path) => existsSync(path));
    if (found) symlinkSync(found, join(folder, name));
  }
  return folder;
}
