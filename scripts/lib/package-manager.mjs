// Installing a Redis server for the whole system: only after the user has said yes.
import { createInterface } from 'node:readline/promises';
import { run } from './run.mjs';

const MANAGERS = [
  { name: 'brew', args: ['install', 'redis'], asRoot: false },
  { name: 'apk', args: ['add', 'redis'], asRoot: true },
  { name: 'dnf', args: ['install', '-y', 'valkey'], asRoot: true },
  { name: 'apt-get', args: ['install', '-y', 'redis-server'], asRoot: true, onlyTold: true },
];

/**
 * @param {(name: string) => boolean} exists whether a command is on PATH
 * @returns {string | undefined} the command that installs a Redis server on this system, to show to the user
 */
export function installCommand(exists) {
  return commandFor(exists, MANAGERS)?.join(' ');
}

/**
 * Asks on the terminal whether to install a Redis server and does so on a yes. Without a terminal, or without
 * a package manager that it knows, it does nothing.
 *
 * @param {(name: string) => boolean} exists whether a command is on PATH
 * @returns {Promise<void>}
 */
export async function installWithConsent(exists) {
  const command = commandFor(
    exists,
    MANAGERS.filter((manager) => !manager.onlyTold),
  );
  if (!command || !process.stdin.isTTY || !process.stdout.isTTY) return;
  const terminal = createInterface({ input: process.stdin, output: process.stdout });
  const answer = await terminal.question(`A Redis server is needed. Run "${command.join(' ')}" now? [y/N] `);
  terminal.close();
  if (/^y(es)?$/i.test(answer.trim())) await run(command[0], command.slice(1), { interactive: true });
}

function commandFor(exists, managers) {
  const manager = managers.find(({ name }) => exists(name));
  if (!manager) return undefined;
  const command = [manager.name, ...manager.args];
  if (!manager.asRoot || process.getuid?.() === 0) return command;
  return [exists('doas') && !exists('sudo') ? 'doas' : 'sudo', ...command];
}
