import type { EmailPayload } from '../../task-types/email-payload.js';
import { EMAIL } from '../../task-types/task-types.js';
import { Mailer, type Message, type Sent } from './mailer.js';
import { type HandlerContext, Handles, PermanentFailure, type TaskTypeHandler } from './task-type-handler.js';

/** RFC 5321, 4.2.1: a server that answers 5yz to a recipient will answer so again. */
const REFUSED_RECIPIENT = [550, 551, 553];

@Handles(EMAIL)
export class EmailHandler implements TaskTypeHandler {
  constructor(private readonly mailer: Mailer) {}

  async run(payload: EmailPayload, { taskId, signal, logger }: HandlerContext): Promise<object> {
    const message = messageOf(payload, taskId);
    const { bytes, refused } = await this.send(message, signal);
    const to = message.to.filter((each) => !refused.includes(each));
    const about = {
      ...{ sent_to: to, subject: message.subject, message_id: message.messageId, bytes },
      ...(refused.length > 0 && { refused }),
    };
    if (this.mailer.sends) return { sent: true, message: `Email sent to ${to.join(', ')}`, ...about };
    logger.warn({ bytes }, 'an e-mail was composed and not sent: SMTP_URL is not set');
    const words = `Email to ${to.join(', ')} composed, not sent: SMTP_URL is not set`;
    return { sent: false, message: words, ...about };
  }

  private async send(message: Message, signal: AbortSignal): Promise<Sent> {
    try {
      return await this.mailer.send(message, signal);
    } catch (error) {
      if (error instanceof Error && REFUSED_RECIPIENT.includes(responseCodeOf(error))) {
        throw new PermanentFailure(error.message, { cause: error });
      }
      throw error;
    }
  }
}

function messageOf(payload: EmailPayload, taskId: string): Message {
  const { to = payload.recipient ?? [], subject = '', body = payload.content ?? '' } = payload;
  return {
    to: typeof to === 'string' ? [to] : to,
    subject,
    text: body,
    // An id may have an `@`, of which RFC 5322 (3.6.4) allows one; it never has a `+`.
    messageId: `<${taskId.replaceAll('@', '+')}@task-runner>`,
  };
}

function responseCodeOf(error: Error): number {
  return 'responseCode' in error ? Number(error.responseCode) : 0;
}
