/** What may hold a due task back: its queue, its client, the host that it calls. */
export type GateId = `q:${string}` | `c:${string}` | `h:${string}`;

/** What a gate lets through. Nothing of a kind = no limit of that kind. Times are Unix milliseconds. */
export interface GateLimits {
  /** Nothing passes: a paused queue, a disabled client. (Open circuits are not limits, see circuit.ts.) */
  readonly isShut?: boolean;
  /** It opens again by itself then. */
  readonly shutUntil?: number;
  /** How many tasks may hold a slot of it at once. */
  readonly maxRunning?: number;
  /** How many may start per second, evenly spaced after the first `burst` (GCRA). */
  readonly perSecond?: number;
  readonly burst?: number;
}

/** As the scripts read it; the empty text when there is no limit at all. */
export function encodeLimits(limits: GateLimits): string {
  const { isShut = false, shutUntil, maxRunning, perSecond, burst } = limits;
  if (!isShut && maxRunning === undefined && perSecond === undefined) return '';
  return [Number(isShut), ...[shutUntil, maxRunning, perSecond, burst].map((limit) => limit ?? '')].join(';');
}

/** The limits that `encodeLimits` wrote; nothing of the empty text. */
export function decodeLimits(raw: string): GateLimits | undefined {
  if (raw === '') return undefined;
  const [shut, ...limits] = raw.split(';');
  const [shutUntil, maxRunning, perSecond, burst] = limits.map((limit) =>
    limit === '' ? undefined : Number(limit),
  );
  return {
    isShut: shut === '1',
    ...(shutUntil !== undefined && { shutUntil }),
    ...(maxRunning !== undefined && { maxRunning }),
    ...(perSecond !== undefined && { perSecond }),
    ...(burst !== undefined && { burst }),
  };
}
