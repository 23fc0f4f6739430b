import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';

interface Mail {
  readonly from: string;
  readonly to: readonly string[];
  /** Header and body as they came. */
  readonly text: string;
}

/** A mail server that speaks as much SMTP (RFC 5321) as it takes to get a message. */
export class MailServer {
  readonly mails: Mail[] = [];
  /** How recipients are answered. */
  answer = '250 ok';
  /** One who is not known here, whatever the answer. */
  unknown: string | undefined;

  private constructor(private readonly server: Server) {
    server.on('connection', (socket) => {
      this.serve(socket);
    });
  }

  static async start(): Promise<MailServer> {
    const server = createServer();
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new MailServer(server);
  }

  get url(): string {
    return `smtp://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    this.server.close();
    await once(this.server, 'close');
  }

  private serve(socket: Socket): void {
    const session = new Session(this);
    let rest = '';
    socket.write('220 test\r\n');
    socket.on('error', () => undefined);
    socket.on('data', (chunk) => {
      const lines = (rest + chunk.toString()).split('\r\n');
      rest = lines.pop() ?? '';
      for (const line of lines) {
        const answer = session.answer(line);
        if (answer !== undefined) socket.write(`${answer}\r\n`);
        if (answer === BYE) socket.end();
      }
    });
  }
}

const BYE = '221 bye';

class Session {
  private from = '';
  private to: string[] = [];
  /** The lines of a message, as long as one comes. */
  private lines: string[] | undefined;

  constructor(private readonly server: MailServer) {}

  answer(line: string): string | undefined {
    if (this.lines) return this.receive(line, this.lines);
    switch (line.slice(0, 4).toUpperCase()) {
      case 'MAIL':
        this.from = line;
        return '250 ok';
      case 'RCPT':
        return this.recipient(line);
      case 'DATA':
        this.lines = [];
        return '354 go on';
      case 'QUIT':
        return BYE;
      default:
        return '250 ok';
    }
  }

  private recipient(line: string): string {
    const { unknown, answer } = this.server;
    if (unknown !== undefined && line.includes(unknown)) return '550 no such user';
    if (answer.startsWith('2')) this.to.push(line);
    return answer;
  }

  private receive(line: string, lines: string[]): string | undefined {
    if (line !== '.') {
      lines.push(line);
      return undefined;
    }
    this.server.mails.push({ from: this.from, to: this.to, text: lines.join('\n') });
    [this.to, this.lines] = [[], undefined];
    return '250 queued';
  }
}
