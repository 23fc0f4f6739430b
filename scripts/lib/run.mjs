import { spawn } from 'node:child_process';

/**
 * Runs a command and keeps quiet about it unless it fails.
 *
 * @param {string} command
 * @param {string[]} args
 * @param {{ cwd?: string, env?: Record<string, string | undefined>, interactive?: boolean,
 *   onSpawn?: (pid: number) => void }} [options] interactive: the command has the terminal, nothing is captured
 * @returns {Promise<{ code: number, output: string }>} output is standard output and standard error together;
 *   code 127 when the command is not there
 */
export function run(command, args, { interactive = false, onSpawn, ...options } = {}) {
  return new Promise((resolve) => {
    const stdio = interactive ? 'inherit' : ['ignore', 'pipe', 'pipe'];
    const child = spawn(command, args, { ...options, stdio });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding('utf8').on('data', (chunk) => (output += chunk));
    }
    child.on('error', (error) => resolve({ code: 127, output: error.message }));
    child.on('close', (code) => resolve({ code: code ?? 1, output }));
    if (child.pid) onSpawn?.(child.pid);
  });
}
