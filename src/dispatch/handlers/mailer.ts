import { Injectable } from '@nestjs/common';
import { Config } from '../../config/config.js';
import type { EmailSettings } from '../../config/email-settings.js';

/** A plain message; the sender is that of the configuration. */
export interface Message {
  readonly to: readonly string[];
  readonly subject: string;
  readonly text: string;
  /** The same on every attempt: by it a mail server, or a reader, knows a repeat. */
  readonly messageId: string;
}

/** What has become of a message. */
export interface Sent {
  readonly bytes: number;
  /** Recipients that the server did not take; of none at all sending fails. */
  readonly refused: readonly string[];
}

interface Account {
  /** `smtp://` or `smtps://`. */
  readonly url: string;
  readonly from: string;
}

/** For messages that are composed only. */
const NOBODY = 'task-runner@localhost';
/** Not longer than a server is worth waiting for; the deadline of the attempt ends it before. */
const WAIT_MS = 60_000;

/** Sends messages through the mail server that is configured. */
@Injectable()
export class Mailer {
  private readonly account: Account | undefined;

  constructor({ email }: Config) {
    this.account = accountOf(email);
  }

  /** Whether there is a server: without one messages are composed and go nowhere. */
  get sends(): boolean {
    return this.account !== undefined;
  }

  /**
   * @returns who the server has refused, while it took the message for others
   * @throws Error with the `responseCode` of the server, if it gave one
   */
  async send({ to, ...message }: Message, signal: AbortSignal): Promise<Sent> {
    const transport = await this.transport();
    const sent = await transport.sendMail({
      ...message,
      to: [...to],
      from: this.account?.from ?? NOBODY,
      signal,
    });
    const bytes = 'messageSize' in sent ? Number(sent.messageSize) : (sent.message as Buffer).length;
    const refused = 'rejected' in sent && Array.isArray(sent.rejected) ? sent.rejected.map(String) : [];
    return { bytes, refused };
  }

  /** Loaded with the first message: most workers never send one. A payload names no files and no URLs to attach. */
  private async transport() {
    const { createTransport } = await import('nodemailer');
    const closed = { disableFileAccess: true, disableUrlAccess: true };
    if (!this.account) return createTransport({ streamTransport: true, buffer: true, ...closed });
    const { url } = this.account;
    return createTransport({ url, connectionTimeout: WAIT_MS, greetingTimeout: WAIT_MS, ...closed });
  }
}

function accountOf({ url, from, gmailAddress, gmailAppPassword }: EmailSettings): Account | undefined {
  if (url !== '') return { url, from: from || decodeURIComponent(new URL(url).username) || NOBODY };
  if (gmailAddress === '' || gmailAppPassword === '') return undefined;
  const [user, password] = [gmailAddress, gmailAppPassword].map(encodeURIComponent);
  return { url: `smtps://${user}:${password}@smtp.gmail.com:465`, from: from || gmailAddress };
}
