import { isPlainObject } from '../http/instantiate.js';

/** What comes over a WebSocket. */
export type SocketMessage =
  | { readonly type: 'auth'; readonly token: string }
  | {
      readonly type: 'subscribe';
      readonly kinds?: string;
      readonly queue?: string;
      readonly client_id?: string;
      readonly last_event_id?: string;
    }
  | { readonly type: 'ping' };

const SUBSCRIBE = new Set(['type', 'kinds', 'queue', 'client_id', 'last_event_id']);
const EVENT_ID = /^\d{1,15}-\d{1,15}$/;

/** @returns what is wrong with it, when it is none */
export function readMessage(text: string): SocketMessage | string {
  const value = parse(text);
  if (!isPlainObject(value)) return 'A message must be a JSON object.';
  const message = value as Readonly<Record<string, unknown>>;
  switch (message['type']) {
    case 'ping':
      return { type: 'ping' };
    case 'auth':
      return typeof message['token'] === 'string'
        ? { type: 'auth', token: message['token'] }
        : 'auth needs a token.';
    case 'subscribe':
      return readSubscribe(message);
    default:
      return 'type must be auth, subscribe or ping.';
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function readSubscribe(value: Readonly<Record<string, unknown>>): SocketMessage | string {
  const stranger = Object.keys(value).find((name) => !SUBSCRIBE.has(name));
  if (stranger !== undefined) return `${JSON.stringify(stranger)} is nothing that subscribe takes.`;
  const { last_event_id: last } = value;
  if (last !== undefined && !(typeof last === 'string' && EVENT_ID.test(last))) {
    return 'last_event_id must be the id of an event.';
  }
  const kinds = Array.isArray(value['kinds']) ? value['kinds'].join(',') : value['kinds'];
  const { queue, client_id } = value;
  const texts = Object.entries({ kinds, queue, client_id, last_event_id: last });
  const wrong = texts.find(([, text]) => text !== undefined && typeof text !== 'string');
  if (wrong) return `${wrong[0]} must be a text.`;
  return { type: 'subscribe', ...Object.fromEntries(texts.filter(([, text]) => text !== undefined)) };
}
