import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

export interface CurlAnswer<T> {
  readonly status: number;
  readonly body: T;
}

/** Runs commands with curl as they are printed, in bash. */
export class Curl {
  // curl reads this before its arguments: the command stays as printed, and its status comes behind the answer.
  private readonly home = mkdtempSync(join(tmpdir(), 'task-runner-curl-'));

  constructor() {
    const settings = 'silent\nshow-error\nmax-time = 10\nwrite-out = "\\n%{http_code}"\n';
    writeFileSync(join(this.home, '.curlrc'), settings);
  }

  /** @param replace what is printed, and what stands for it here: the address of a server */
  async run<T>(command: string, replace: readonly [printed: string, here: string]): Promise<CurlAnswer<T>> {
    const { stdout } = await promisify(execFile)('bash', ['-c', command.replaceAll(...replace)], {
      env: { PATH: process.env['PATH'], HOME: this.home, CURL_HOME: this.home },
    });
    const [, body = '', status] = /^(.*)\n(\d{3})$/s.exec(stdout) ?? [];
    return { status: Number(status), body: JSON.parse(body) as T };
  }

  end(): void {
    rmSync(this.home, { recursive: true, force: true });
  }
}
