import { describe, expect, it } from 'vitest';
import { checkTargetHeader, checkTargetHeaders, MAX_HEADERS, MAX_HEADERS_BYTES } from './target-header.js';

const REFUSED_NAMES = [
  'Host',
  'Content-Length',
  'CONNECTION',
  'Keep-Alive',
  'Proxy-Authorization',
  'proxy-connection',
  'proxy-anything',
  'TE',
  'Trailer',
  'Transfer-Encoding',
  'Upgrade',
  'Expect',
  'Accept-Encoding',
  'HTTP2-Settings',
  'X-Task-Id',
  'x-task-anything',
  'X_Task_Id',
  'X-Task_Id',
  'X_Task-Attempt',
  'Metadata',
  'Metadata-Flavor',
  'X-Google-Metadata-Request',
  'X-aws-ec2-metadata-token',
  'X-aws-ec2-metadata-token-ttl-seconds',
  'X-Metadata-Token',
  'X-aliyun-ecs-metadata-token-ttl-seconds',
];

describe('a target header', () => {
  it.each(REFUSED_NAMES)('refuses the name %s in any case', (name) => {
    for (const variant of [name, name.toLowerCase(), name.toUpperCase()]) {
      expect(checkTargetHeader(variant, 'x')).toEqual(expect.any(String));
    }
  });

  it.each([
    '',
    ' ',
    'a b',
    'a:',
    ':a',
    'a\r',
    'a\n',
    'a\n',
    'ä',
    'a\u0000',
    'a(b)',
    'a/b',
    'host ',
    '\tHost',
    'K\u212A',
  ])('refuses the name %j, which is no token', (name) => {
    expect(checkTargetHeader(name, 'x')).toMatch(/name of letters/);
  });

  it.each(['a\rb', 'a\nb', 'a\r\nX: y', 'a\u0000', 'a\u001f', 'a\u007f', 'a\n', 'Ā', '€', '\u2028', '😀'])(
    'refuses the value %j',
    (value) => {
      expect(checkTargetHeader('X-A', value)).toMatch(/latin1/);
    },
  );

  it.each([
    ['Content-Type', 'application/json; charset=utf-8'],
    ['Authorization', 'Bearer abc'],
    ['X-Empty', ''],
    ['X-Tab', 'a\tb'],
    ['X-Latin', 'caf\u00e9 \u00ff\u0080'],
    ["!#$%&'*+-.^_`|~9", 'x'],
    ['__proto__', 'x'],
    ['constructor', 'x'],
    ['webhook-id', 'x'],
    ['X-Tasks', 'x'],
    ['X_Tasks', 'x'],
    ['Proxy', 'x'],
    ['User-Agent', 'mine/1'],
  ])('accepts %s: %j', (name, value) => {
    expect(checkTargetHeader(name, value)).toBeUndefined();
  });
});

describe('the headers of a task together', () => {
  it('lists every fault by name', () => {
    const faults = checkTargetHeaders([
      ['Host', 'a'],
      ['X-Fine', 'a'],
      ['X-Bad', '\n'],
    ]);
    expect(faults.map(({ name }) => name)).toEqual(['Host', 'X-Bad']);
  });

  it('refuses a name that is there already in another case', () => {
    const twice = [
      ['X-A', '1'],
      ['x-a', '2'],
    ] as const;
    expect(checkTargetHeaders(twice)).toEqual([
      { name: 'x-a', reason: 'is there already, in another spelling' },
    ]);
  });

  it(`takes ${MAX_HEADERS} headers and not one more`, () => {
    const headers = Array.from({ length: MAX_HEADERS }, (_, i) => [`x-${i}`, ''] as const);
    expect(checkTargetHeaders(headers)).toEqual([]);
    expect(checkTargetHeaders([...headers, ['x-last', ''], ['x-after', '']])).toEqual([
      { name: 'x-last', reason: 'is one more than the 100 allowed' },
    ]);
  });

  it(`takes ${MAX_HEADERS_BYTES} bytes of names and values and not one more`, () => {
    const fits = [
      ['x-a', 'a'.repeat(MAX_HEADERS_BYTES - 10)],
      ['x-b', 'a'.repeat(4)],
    ] as const;
    expect(checkTargetHeaders(fits)).toEqual([]);
    expect(checkTargetHeaders([...fits, ['x', ''], ['y', '']])).toEqual([
      { name: 'x', reason: 'takes the headers over 16384 bytes together' },
    ]);
  });
});
