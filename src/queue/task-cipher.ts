import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto';
import type { Config } from '../config/config.js';
import { readEncryptionKey } from '../config/encryption-keys.js';
import type { Task, TaskTarget } from '../task/task.js';

const ALGORITHM = 'aes-256-gcm';
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

interface Key {
  /** Tells keys apart, in what is stored too, and says nothing about them. */
  readonly id: string;
  readonly secret: Buffer;
}

/**
 * Seals the call of a task (address, headers and body) while it is stored, with AES-256-GCM. The task's id is
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
    const { url, method, headers, body } = task.target;
    const call = JSON.stringify({ url, headers, ...(body && { body }) });
    const target = {
      url: `${new URL(url).origin}/`,
      method,
      headers: [],
      sealed: sealText(call, task.id, key),
    };
    return { ...task, target };
  }

  /** A task that was stored, with its call; still sealed when no key opens it. */
  open(task: Task): Task {
    const { sealed, method } = task.target;
    if (sealed === undefined) return task;
    const call = this.openText(sealed, task.id);
    if (call === undefined) return task;
    return { ...task, target: { ...(JSON.parse(call) as Omit<TaskTarget, 'method'>), method } };
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
