import { IsInt, Max, Min } from 'class-validator';
import { AreEncryptionKeys } from './encryption-keys.js';
import { Env } from './setting.js';

/** How much the store may hold before it takes no more, and how it holds it. */
export class StorageSettings {
  @Env(
    'MAX_QUEUE_SIZE',
    'Tasks that may be alive at once, that is, have not ended; one more gets 503 with `Retry-After`. 0 = no bound.',
    { aliases: ['TASKQUEUE_QUEUE_MAXQUEUESIZE'] },
  )
  @IsInt()
  @Min(0)
  @Max(1_000_000_000)
  maxQueueSize = 1_000_000;

  @Env(
    'REDIS_MEMORY_HIGH_PERCENT',
    'Share of `maxmemory` of Redis above which enqueueing gets 503 with `Retry-After` and the completed history is evicted, so that what is stored can always be worked off. Says nothing when Redis has no `maxmemory`.',
  )
  @IsInt()
  @Min(10)
  @Max(100)
  memoryHighPercent = 80;

  @Env(
    'TASK_ENCRYPTION_KEY',
    'Encrypts address, headers and body of tasks in Redis, with AES-256-GCM. A comma list changes keys: the first encrypts, every one decrypts. The same for all processes. Empty = not encrypted.',
    { secret: true, allowed: '32 bytes in base64 or hexadecimal, or several with commas' },
  )
  @AreEncryptionKeys()
  encryptionKeys: string[] = [];
}
