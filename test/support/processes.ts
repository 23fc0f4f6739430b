import { execFileSync, spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { once } from 'node:events';

export interface Spawned {
  readonly child: ChildProcessWithoutNullStreams;
  readonly pid: number;
  /** Standard output and standard error so far. */
  output(): string;
  /** The exit code, or the signal that ended it, once all output has been read. */
  readonly ended: Promise<number | string>;
}

/** Starts a program without a shell and collects what it prints. */
export function start(
  command: string,
  args: string[],
  options: { cwd?: string; env?: NodeJS.ProcessEnv } = {},
): Spawned {
  const child = spawn(command, args, { ...options, stdio: ['pipe', 'pipe', 'pipe'] });
  if (child.pid === undefined) throw new Error(`${command} does not start`);
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (chunk: string) => (output += chunk));
  }
  const ended = once(child, 'close').then(([code, signal]: unknown[]) => (code ?? signal) as number | string);
  return { child, pid: child.pid, output: () => output, ended };
}

/** Whether a process with this pid runs. A zombie counts as ended. */
export function isRunning(pid: number): boolean {
  return processes().some((entry) => entry.pid === pid);
}

/** The pids of all processes that this one has started, and those that they have started. */
export function descendants(pid: number): number[] {
  const children = processes().filter((entry) => entry.ppid === pid);
  return children.flatMap((child) => [child.pid, ...descendants(child.pid)]);
}

/** Every running process with its command line, but for the one that looks. */
export function processes(): { pid: number; ppid: number; command: string }[] {
  const columns = ['pid', 'ppid', 'stat', 'args'].flatMap((field) => ['-o', `${field}=`]);
  const lines = execFileSync('ps', ['-A', '-ww', ...columns], { encoding: 'utf8' })
    .trim()
    .split('\n');
  const all = lines.map((line) => {
    const [pid, ppid, state = '', ...words] = line.trim().split(/\s+/);
    return { pid: Number(pid), ppid: Number(ppid), state, command: words.join(' ') };
  });
  const isSelf = (ppid: number, command: string) => ppid === process.pid && command.startsWith('ps ');
  return all.filter(({ ppid, state, command }) => !state.startsWith('Z') && !isSelf(ppid, command));
}
