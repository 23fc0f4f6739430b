import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto';
import type { Config } from '../config/config.js';
import { readEncryptionKey } from '../config/encryption-keys.js';
import { type CallTarget, type HandlerTarget, isCall, type Task, type TaskTarget } from '../task/task.js';

const ALGORITHM = 'aes-256-gcm';
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
/** Before a sealed text that could be something else: no JSON begins so. */
const SEALED = 'sealed:';

interface Key {
  /** Tells keys apart, in what is stored too, and says nothing about them. */
  readonly id: string;
  readonly secret: Buffer;
}

/**
 * Seals the call of a task (address, headers and body), or its payload, while it is stored, with AES-256-GCM. The task's id is
 * authenticated with it, so that a sealed call cannot be moved to another task. All else stays readable, and of the
 * address its origin, which the gates need.
 *
 * The first key seals; every key opens, so that keys can be changed while tasks are stored. Without keys nothing is
 * sealed, at no cost.
 */
export class TaskCipher {
  private readonly keys: readonly Key[];

  constructor({ storage }: Pick<Config, 'storage'>) {
    this.keys = storage.encryptionKeys.flatMap((text) => {
      const secret = readEncryptionKey(text);
      return secret ? [{ id: keyId(secret), secret }] : [];
    });
  }

  /** The task as it is to be stored. */
  seal(task: Task): Task {
    const [key] = this.keys;
    if (!key || task.target.sealed !== undefined) return task;
    return { ...task, target: sealTarget(task.target, (text) => sealText(text, task.id, key)) };
  }

  /** A task that was stored, with its call; still sealed when no key opens it. */
  open(task: Task): Task {
    const { sealed } = task.target;
    if (sealed === undefined) return task;
    const text = this.openText(sealed, task.id);
    return text === undefined ? task : { ...task, target: openTarget(task.target, text) };
  }

  /** Any text of a task; as it is when nothing is sealed. */
  sealText(text: string, taskId: string): string {
    const [key] = this.keys;
    return key ? SEALED + sealText(text, taskId, key) : text;
  }

  /** The same again; nothing when no key opens it. */
  openSealed(text: string, taskId: string): string | undefined {
    return text.startsWith(SEALED) ? this.openText(text.slice(SEALED.length), taskId) : text;
  }

  private openText(sealed: string, taskId: string): string | undefined {
    const [id, content = ''] = sealed.split('.');
    const key = this.keys.find((each) => each.id === id);
    if (!key) return undefined;
    const bytes = Buffer.from(content, 'base64');
    const decipher = createDecipheriv(ALGORITHM, key.secret, bytes.subarray(0, NONCE_BYTES), {
      authTagLength: TAG_BYTES,
    });
    try {
      decipher.setAAD(Buffer.from(taskId)).setAuthTag(bytes.subarray(-TAG_BYTES));
      return (
        decipher.update(bytes.subarray(NONCE_BYTES, -TAG_BYTES), undefined, 'utf8') + decipher.final('utf8')
      );
    } catch {
      // Not as it was sealed: changed, cut, or of another task.
      return undefined;
    }
  }
}

function sealTarget(target: TaskTarget, seal: (text: string) => string): TaskTarget {
  if (!isCall(target)) return { type: target.type, payload: 'null', sealed: seal(target.payload) };
  const { url, method, headers, body, type } = target;
  const call = JSON.stringify({ url, headers, ...(body && { body }) });
  return {
    ...(type !== undefined && { type }),
    url: `${new URL(url).origin}/`,
    method,
    headers: [],
    sealed: seal(call),
  };
}

function openTarget(target: TaskTarget, text: string): TaskTarget {
  if (!isCall(target)) return { type: target.type, payload: text } satisfies HandlerTarget;
  const { method, type } = target;
  const call = JSON.parse(text) as Pick<CallTarget, 'url' | 'headers' | 'body'>;
  return { ...(type !== undefined && { type }), ...call, method };
}

function keyId(secret: Buffer): string {
  return createHash('sha256').update('task-runner key id').update(secret).digest('hex').slice(0, 8);
}

/** `<id of the key>.<base64 of nonce, ciphertext and tag>` */
function sealText(text: string, taskId: string, { id, secret }: Key): string {
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv(ALGORITHM, secret, nonce, { authTagLength: TAG_BYTES });
  cipher.setAAD(Buffer.from(taskId));
  const content = Buffer.concat([nonce, cipher.update(text, 'utf8'), cipher.final(), cipher.getAuthTag()]);
  return `${id}.${content.toString('base64')}`;
}
