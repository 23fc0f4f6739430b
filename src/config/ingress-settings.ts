import { IsInt, Max, Min } from 'class-validator';
import { AreAddressRanges } from './address-rules.js';
import { Env } from './setting.js';

/** How much the API takes, and from whom. */
export class IngressSettings {
  @Env(
    'INGRESS_RPS',
    'Requests per second that the API takes from one sender, over all processes: from a client, or from an address (IPv6: a /64) that names none. As many may come at once; more get 429 with `Retry-After`. 0 = any number.',
    { aliases: ['TASKQUEUE_QUEUE_RATELIMITRPS'] },
  )
  @IsInt()
  @Min(0)
  @Max(1_000_000)
  requestsPerSecond = 1000;

  @Env(
    'MAX_CONNECTIONS',
    'Connections that the HTTP server has open at a time; one more is ended at once, without an answer. An idle one takes 6 kB, one whose request comes in up to its size.',
  )
  @IsInt()
  @Min(10)
  @Max(1_000_000)
  maxConnections = 10_000;

  @Env(
    'TRUSTED_PROXIES',
    'Comma list of the proxies in front of this server, whose `X-Forwarded-For` tells the address of the sender; what is no address in it is left out. Empty = nobody is believed.',
    { allowed: 'addresses and ranges, like `10.0.0.0/8,fd00::/8`' },
  )
  @AreAddressRanges()
  trustedProxies: string[] = [];

  @Env(
    'MAX_BATCH_BYTES',
    'Largest body of `POST /v1/enqueue/batch`; more gets 413. None of its tasks may be larger than `MAX_REQUEST_BYTES`.',
    { allowed: '`MAX_REQUEST_BYTES` to 67108864' },
  )
  @IsInt()
  @Max(64 * 1024 * 1024)
  maxBatchBytes = 8 * 1024 * 1024;

  @Env(
    'MAX_BODIES_BYTES',
    'Bytes of request bodies over 64 KiB that are in memory at a time, of one process; more get 503 with `Retry-After`. At most a sixth of what the heap of Node, half of the memory of a container, has above 90 MiB.',
    { allowed: '`MAX_BATCH_BYTES` to 68719476736' },
  )
  @IsInt()
  @Max(64 * 1024 * 1024 * 1024)
  maxBodiesBytes = 256 * 1024 * 1024;
}
