import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { guardOf, never, requestTo, scriptedLookup } from '../support/sending.js';
import { UndiciSender } from '../../src/dispatch/undici-sender.js';
import { TestApp } from '../support/test-app.js';

/** A port on every address of this machine, IPv4 and IPv6: whatever gets through reaches it. */
let canary: Server;
let port: number;
let reached = 0;
const sockets = new Set<Socket>();
let app: TestApp;
const senders: UndiciSender[] = [];

beforeAll(async () => {
  canary = createServer((socket) => {
    reached++;
    sockets.add(socket);
    socket.on('error', () => undefined).end('HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n');
  });
  await new Promise<void>((resolve) => canary.listen(0, '::', resolve));
  ({ port } = canary.address() as AddressInfo);
  app = await TestApp.start({ MODE: 'api', ALLOW_LOOPBACK_URLS: 'false' });
});
afterAll(async () => {
  await Promise.all(senders.map((sender) => sender.close()));
  await app.stop();
  for (const socket of sockets) socket.destroy();
  await new Promise((resolve) => canary.close(resolve));
});

/** Hosts that say themselves, in some notation, that they are not public. */
const LITERALS = [
  // Loopback, as one can write it.
  ...[
    '127.0.0.1',
    '127.1',
    '127.0.1',
    '127.255.255.254',
    '2130706433',
    '017700000001',
    '0x7f000001',
    '0x7f.1',
  ],
  ...[
    '0177.0.0.1',
    '0x7F.0x0.0x0.0x1',
    '00000177.0.0.1',
    '127.0.0.1.',
    '127.000.000.001',
    '127.0x0.1',
    '0177.1',
  ],
  ...['①②⑦.⓪.⓪.①', '１２７.０.０.１', '127。0。0。1', '127．0．0．1', '%31%32%37.0.0.1', '127.0.0.%31'],
  ...['localhost', 'LOCALHOST', 'localhost.', 'api.localhost', 'ｌocalhost', 'loc%61lhost', 'ⓛⓞⓒⓐⓛⓗⓞⓢⓣ'],
  // This host, and nobody.
  ...['0', '0.0.0.0', '0x0', '00.0', '0.0.0.1', '[::]', '[0:0:0:0:0:0:0:0]', '255.255.255.255', '4294967295'],
  // Private, shared, link-local, special.
  ...[
    '10.0.0.1',
    '10.1',
    '012.1.2.3',
    '167772161',
    '172.16.0.1',
    '172.31.255.255',
    '0xac.0x10.1',
    '192.168.0.1',
  ],
  ...['192.168.257', '3232235521', '100.64.0.1', '100.127.255.255', '192.0.0.1', '192.0.2.1', '198.18.0.1'],
  ...['198.51.100.1', '203.0.113.1', '224.0.0.1', '239.255.255.255', '240.0.0.1', '192.88.99.1'],
  // Where clouds keep credentials.
  ...['169.254.169.254', '2852039166', '0xa9fea9fe', '0251.0376.0251.0376', '169.254.43518', '169.254.170.2'],
  ...[
    '168.63.129.16',
    '100.100.100.200',
    '192.0.0.192',
    '[fd00:ec2::254]',
    '[fd20:ce::254]',
    '[fe80::a9fe:a9fe]',
  ],
  // IPv6, also with IPv4 in it.
  ...['[::1]', '[0:0:0:0:0:0:0:1]', '[0000:0000:0000:0000:0000:0000:0000:0001]', '[::0001]', '[::127.0.0.1]'],
  ...[
    '[::ffff:127.0.0.1]',
    '[::ffff:7f00:1]',
    '[0:0:0:0:0:ffff:127.0.0.1]',
    '[::FFFF:10.0.0.1]',
    '[::7f00:1]',
  ],
  ...['[::ffff:169.254.169.254]', '[::ffff:a9fe:a9fe]', '[::ffff:0:127.0.0.1]', '[64:ff9b::127.0.0.1]'],
  ...[
    '[64:ff9b::a9fe:a9fe]',
    '[64:ff9b::10.0.0.1]',
    '[64:ff9b:1::7f00:1]',
    '[2002:7f00:1::]',
    '[2002:a00:1::1]',
  ],
  ...['[2001:0:7f00:1::]', '[fc00::1]', '[fd12:3456::1]', '[fe80::1]', '[febf::1]', '[fec0::1]', '[ff02::1]'],
  ...['[2001:db8::1]', '[3fff::1]', '[100::1]', '[5f00::1]', '[4000::1]', '[2001:10::1]'],
];

/** Addresses that say one thing to one parser and another to the next. */
const CONFUSIONS = [
  ...[
    'http://example.com@127.0.0.1:{port}/',
    'http://127.0.0.1:{port}#@example.com/',
    'http:\\\\127.0.0.1:{port}/',
  ],
  ...[
    'http://example.com\\@127.0.0.1:{port}/',
    'http:/127.0.0.1:{port}/',
    'http:127.0.0.1:{port}/',
    '//127.0.0.1:{port}/',
  ],
  ...[
    'http://127.0.0.1\t:{port}/',
    'ht\ntp://127.0.0.1:{port}/',
    ' http://127.0.0.1:{port}/',
    'http:///127.0.0.1:{port}/',
  ],
  ...['http://127.0.0.1:{port}\\@example.com/', 'http://@127.0.0.1:{port}/', 'http://:@127.0.0.1:{port}/'],
  ...[
    'file:///etc/passwd',
    'ftp://127.0.0.1:{port}/',
    'gopher://127.0.0.1:{port}/_x',
    'data:text/plain,x',
    'javascript:1',
  ],
  ...[
    'ws://127.0.0.1:{port}/',
    'unix:/run/docker.sock',
    'http+unix://%2frun%2fdocker.sock/',
    'dict://127.0.0.1:{port}/',
  ],
  ...[
    'http://127.0.0.1%00.example.com:{port}/',
    'http://127.0.0.1\u0000:{port}/',
    'http://[::1%25lo]:{port}/',
  ],
  ...[
    'http://[::1]example.com:{port}/',
    'http://1.1.1.1 &@127.0.0.1:{port}/',
    'http://127.0.0.1\u00ad:{port}/',
  ],
];

/** What a resolver says of a name: to the first question, to the next, ... */
const NAMES: (readonly string[])[][] = [
  ...[
    '127.0.0.1',
    '::1',
    '10.0.0.1',
    '192.168.1.1',
    '172.16.0.1',
    '169.254.169.254',
    '100.64.0.1',
    '0.0.0.0',
    '::',
  ].map((address) => [[address]]),
  ...[
    '::ffff:127.0.0.1',
    '::ffff:7f00:1',
    '64:ff9b::7f00:1',
    '2002:7f00:1::',
    'fd00::1',
    'fe80::1',
    '168.63.129.16',
  ].map((address) => [[address]]),
  // Mixed, in each order.
  [['93.184.215.14', '127.0.0.1']],
  [['127.0.0.1', '93.184.215.14']],
  [['2606:4700::1111', '::1']],
  [['93.184.215.14', '::ffff:127.0.0.1', '2606:4700::1111']],
];

function senderWith(...answers: readonly (readonly string[])[]): UndiciSender {
  const sender = new UndiciSender({
    guard: guardOf({ allowLoopbackUrls: false }),
    lookup: scriptedLookup(...answers),
  });
  senders.push(sender);
  return sender;
}

const schemes = (host: string) => [`http://${host}:${port}/`, `https://${host}:${port}/latest/meta-data/`];

async function isEnqueued(url: string): Promise<boolean> {
  const { status } = await app.post('/v1/enqueue', { client_id: 'test-client', task: { url } });
  if (status !== 202 && status !== 400) throw new Error(`${url} is answered ${status}`);
  return status === 202;
}

/** Why the sender did not call it, past all that enqueueing refuses. */
async function refusalOf(sender: UndiciSender, url: string): Promise<string> {
  const reply = await sender.send(requestTo(url, { timeoutMs: 2000 }), never);
  return reply.kind === 'failed' && reply.stage === 'not_sent' ? reply.code : JSON.stringify(reply);
}

/** Calls that the canary was meant to get. */
let allowed = 0;
const blocked = { enqueue: 0, sender: 0, names: 0, rebinding: 0 };

describe('no task reaches what is not public', () => {
  it('by a host that says so itself: refused at enqueue, and again by the sender', async () => {
    const sender = senderWith(['127.0.0.1']);
    const through: string[] = [];
    for (const url of LITERALS.flatMap(schemes)) {
      if (await isEnqueued(url)) through.push(`enqueued ${url}`);
      else blocked.enqueue++;
      const why = await refusalOf(sender, url);
      if (why === 'address_refused' || why === 'invalid_request') blocked.sender++;
      else through.push(`${why} ${url}`);
    }
    expect(through).toEqual([]);
  });

  it('by an address that parsers read differently', async () => {
    const through: string[] = [];
    for (const url of CONFUSIONS.map((text) => text.replace('{port}', String(port)))) {
      if (await isEnqueued(url)) through.push(url);
      else blocked.enqueue++;
    }
    expect(through).toEqual([]);
  });

  it('by a name that resolves to it, alone or among others', async () => {
    for (const answers of NAMES) {
      expect(await refusalOf(senderWith(...answers), `http://name.test:${port}/`)).toBe('address_refused');
      blocked.names++;
    }
  });

  it('by a name that changes its answer between two questions', async () => {
    for (const [first, later] of [
      ['127.0.0.3', '127.0.0.1'],
      ['127.0.0.3', '::1'],
      ['127.0.0.4', '::ffff:127.0.0.1'],
    ] as const) {
      const before = reached;
      const guard = guardOf({ denyCidrs: ['127.0.0.1', '::1'] });
      const sender = new UndiciSender({ guard, lookup: scriptedLookup([first], [later]) });
      senders.push(sender);
      const reply = await sender.send(requestTo(`http://name.test:${port}/`), never);
      expect([reply.kind, reached - before]).toEqual(['answered', 1]);
      expect(await refusalOf(sender, `http://name.test:${port}/`)).toBe('address_refused');
      allowed++;
      blocked.rebinding++;
    }
  });

  it('and the canary that all of them lead to would have sung', async () => {
    expect(reached).toBe(allowed);
    const urls = LITERALS.length * 2 + CONFUSIONS.length;
    expect(urls).toBeGreaterThanOrEqual(90);
    process.stdout.write(
      `ssrf: ${urls} hostile URLs, blocked at enqueue ${blocked.enqueue}, by the sender ${blocked.sender}; ` +
        `names ${blocked.names}, rebinding ${blocked.rebinding}; reached ${reached - allowed}\n`,
    );
    const open = new UndiciSender({ guard: guardOf(), lookup: scriptedLookup(['127.0.0.1']) });
    senders.push(open);
    for (const host of ['127.0.0.1', '[::1]', 'name.test']) {
      expect(await open.send(requestTo(`http://${host}:${port}/`), never)).toMatchObject({ status: 200 });
    }
    expect(reached).toBe(allowed + 3);
  });

  it.each([
    ...['https://api.example.com/', 'http://8.8.8.8/', 'http://1.1.1.1:8080/', 'http://[2606:4700::1111]/'],
    ...[
      'http://172.15.255.255/',
      'http://172.32.0.1/',
      'http://100.128.0.1/',
      'http://11.0.0.1/',
      'http://[64:ff9b::808:808]/',
    ],
    ...['https://localhost.example.com/', 'https://127.0.0.1.example.com/', 'https://münchen.example/'],
  ])('while %s may be called', async (url) => {
    expect(await isEnqueued(url)).toBe(true);
  });
});
