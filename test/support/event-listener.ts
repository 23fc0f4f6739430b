import { request, type ClientRequest, type IncomingMessage } from 'node:http';
import { until } from './until.js';

/** An event as it came. */
export interface Heard {
  readonly id: string;
  readonly type: string;
  readonly data: Record<string, unknown>;
}

/** Listens to server-sent events over a socket of its own. */
export class EventListener {
  readonly heard: Heard[] = [];
  isOver = false;
  /** Given every frame as it came instead, when a test hears very many. */
  onFrame: ((frame: string) => void) | undefined;
  private text = '';

  private constructor(
    private readonly sent: ClientRequest,
    readonly response: IncomingMessage,
  ) {
    response.setEncoding('utf8');
    response.on('data', (piece: string) => {
      this.read(piece);
    });
    response.on('close', () => (this.isOver = true));
    response.on('error', () => undefined);
  }

  static async to(url: string, headers: Record<string, string> = {}): Promise<EventListener> {
    return new Promise((resolve, reject) => {
      const sent = request(url, { headers, agent: false });
      sent.on('response', (response) => {
        resolve(new EventListener(sent, response));
      });
      sent.on('error', reject);
      sent.end();
    });
  }

  /** Waits until it may be sure to hear everything. */
  async ready(): Promise<this> {
    await until(() => this.types().includes('ready'));
    return this;
  }

  types(): string[] {
    return this.heard.map(({ type }) => type);
  }

  of(type: string): Heard[] {
    return this.heard.filter((each) => each.type === type);
  }

  async hears(type: string, count = 1, timeoutMs = 10_000): Promise<Heard[]> {
    await until(() => this.of(type).length >= count, { timeoutMs }).catch((error: unknown) => {
      throw new Error(`no ${type} among ${this.types().join()}`, { cause: error });
    });
    return this.of(type);
  }

  end(): void {
    this.sent.destroy();
  }

  private read(piece: string): void {
    const frames = (this.text + piece).split('\n\n');
    this.text = frames.pop() ?? '';
    for (const frame of frames) {
      if (this.onFrame) {
        this.onFrame(frame);
        continue;
      }
      const lines = new Map(
        frame.split('\n').map((line) => /^(\w*): ?(.*)$/.exec(line)?.slice(1) as [string, string]),
      );
      const data = lines.get('data');
      if (data === undefined) continue;
      this.heard.push({
        id: lines.get('id') ?? '',
        type: lines.get('event') ?? '',
        data: JSON.parse(data) as Record<string, unknown>,
      });
    }
  }
}
