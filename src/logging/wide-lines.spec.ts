import { pino } from 'pino';
import { expect, it } from 'vitest';
import { wideLines } from './wide-lines.js';

const options = {
  level: 'info',
  base: { mode: 'worker' },
  timestamp: () => ',"time":"2026-01-01T00:00:00.000Z"',
  formatters: { level: (label: string) => ({ level: label }) },
};
const into = (lines: string[]) => pino(options, { write: (line: string) => lines.push(line) });

it.each(['debug', 'info', 'warn', 'error'] as const)(
  'of level %s are what pino writes, character by character',
  (level) => {
    const fields = {
      path: '/v1/"quoted"\\',
      text: 'a\nb\u0007c\u2028',
      long: 'x'.repeat(150),
      status: 202,
      ms: 0.1,
      none: undefined,
      nan: Number.NaN,
      probe: false,
    };
    const [theirs, ours]: [string[], string[]] = [[], []];
    into(theirs).child({ context: 'Http' })[level](fields, 'request');
    wideLines(into(ours), 'Http')[level](fields, 'request');
    expect(ours).toEqual(theirs);
    expect(ours).toHaveLength(level === 'debug' ? 0 : 1);
  },
);

it('are valid JSON whatever a sender writes', () => {
  const lines: string[] = [];
  wideLines(into(lines), 'Http').info({ path: 'lone \ud800 surrogate' }, 'request');
  expect(JSON.parse(lines.join())).toMatchObject({ path: 'lone \ud800 surrogate', msg: 'request' });
});
