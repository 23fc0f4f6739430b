import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto';
import type { Config } from '../config/config.js';
import { readEncryptionKey } from '../config/encryption-keys.js';

const ALGORITHM = 'aes-256-gcm';
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

interface Key {
  /** Tells keys apart, in what is stored too, and says nothing about them. */
  readonly id: string;
  readonly secret: Buffer;
}

/**
 * Seals texts while they are stored, with AES-256-GCM and the keys of `TASK_ENCRYPTION_KEY`. The name of what a text
 * belongs to is authenticated with it, so that a sealed text cannot be moved to something else.
 *
 * The first key seals; every key opens, so that keys can be changed while things are stored.
 */
export class TextCipher {
  private readonly keys: readonly Key[];

  constructor({ storage }: Pick<Config, 'storage'>) {
    this.keys = storage.encryptionKeys.flatMap((text) => {
      const secret = readEncryptionKey(text);
      return secret ? [{ id: keyId(secret), secret }] : [];
    });
  }

  /** Whether there is a key to seal with. */
  get seals(): boolean {
    return this.keys.length > 0;
  }

  /**
   * `<id of the key>.<base64 of nonce, ciphertext and tag>`; nothing without a key.
   *
   * @param of what the text belongs to
   */
  seal(text: string, of: string): string | undefined {
    const [key] = this.keys;
    if (!key) return undefined;
    const nonce = randomBytes(NONCE_BYTES);
    const cipher = createCipheriv(ALGORITHM, key.secret, nonce, { authTagLength: TAG_BYTES });
    cipher.setAAD(Buffer.from(of));
    const content = Buffer.concat([nonce, cipher.update(text, 'utf8'), cipher.final(), cipher.getAuthTag()]);
    return `${key.id}.${content.toString('base64')}`;
  }

  /** The text that was sealed; nothing when no key opens it, or it belongs to something else. */
  open(sealed: string, of: string): string | undefined {
    const [id, content = ''] = sealed.split('.');
    const key = this.keys.find((each) => each.id === id);
    if (!key) return undefined;
    const bytes = Buffer.from(content, 'base64');
    const decipher = createDecipheriv(ALGORITHM, key.secret, bytes.subarray(0, NONCE_BYTES), {
      authTagLength: TAG_BYTES,
    });
    try {
      decipher.setAAD(Buffer.from(of)).setAuthTag(bytes.subarray(-TAG_BYTES));
      return (
        decipher.update(bytes.subarray(NONCE_BYTES, -TAG_BYTES), undefined, 'utf8') + decipher.final('utf8')
      );
    } catch {
      // Not as it was sealed: changed, cut, or of something else.
      return undefined;
    }
  }
}

function keyId(secret: Buffer): string {
  return createHash('sha256').update('task-runner key id').update(secret).digest('hex').slice(0, 8);
}
