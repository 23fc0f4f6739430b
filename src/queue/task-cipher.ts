import type { Config } from '../config/config.js';
import type { Callbacks } from '../task/callbacks.js';
import { type CallTarget, isCall, type Task, type TaskTarget } from '../task/task.js';
import { TextCipher } from './text-cipher.js';

/** Before a sealed text that could be something else: no JSON begins so. */
const SEALED = 'sealed:';

/**
 * Seals the call of a task (address, headers and body), or its payload, and the addresses of its callbacks while it is
 * stored, for its id: they cannot be moved to another task. All else stays readable, and of the address its origin, which
 * the gates need. Without keys nothing is sealed, at no cost.
 */
export class TaskCipher {
  private readonly texts: TextCipher;

  constructor(config: Pick<Config, 'storage'>) {
    this.texts = new TextCipher(config);
  }

  /** The task as it is to be stored. */
  seal(task: Task): Task {
    if (!this.texts.seals || task.target.sealed !== undefined) return task;
    const sealed = this.texts.seal(secretOf(task.target), task.id);
    if (sealed === undefined) return task;
    const callbacks = task.callbacks && { callbacks: this.sealCallbacks(task.callbacks, task.id) };
    return { ...task, target: withSeal(task.target, sealed), ...callbacks };
  }

  /** A task that was stored, with its call; still sealed when no key opens it. */
  open(task: Task): Task {
    const { sealed } = task.target;
    if (sealed === undefined) return task;
    const secret = this.texts.open(sealed, task.id);
    if (secret === undefined) return task;
    const callbacks = task.callbacks && { callbacks: this.openCallbacks(task.callbacks, task.id) };
    return { ...task, target: withSecret(task.target, secret), ...callbacks };
  }

  /** The addresses of the callbacks of the task with this id; still sealed when no key opens them. */
  openCallbacks(callbacks: Callbacks, id: string): Callbacks {
    const { sealed } = callbacks;
    const text = sealed === undefined ? undefined : this.texts.open(sealed, ofCallbacks(id));
    return text === undefined ? callbacks : (JSON.parse(text) as Callbacks);
  }

  /** Any text; as it is without keys. */
  sealText(text: string, of: string): string {
    const sealed = this.texts.seal(text, of);
    return sealed === undefined ? text : SEALED + sealed;
  }

  /** The same again; nothing when no key opens it. */
  openText(text: string, of: string): string | undefined {
    return text.startsWith(SEALED) ? this.texts.open(text.slice(SEALED.length), of) : text;
  }

  private sealCallbacks(callbacks: Callbacks, id: string): Callbacks {
    const sealed = this.texts.seal(JSON.stringify(callbacks), ofCallbacks(id));
    return sealed === undefined ? callbacks : { sealed };
  }
}

/** What is sealed for the one cannot stand in for the other. */
function ofCallbacks(id: string): string {
  return `callbacks:${id}`;
}

function secretOf(target: TaskTarget): string {
  if (!isCall(target)) return target.payload;
  const { url, headers, body } = target;
  return JSON.stringify({ url, headers, ...(body && { body }) });
}

function withSeal(target: TaskTarget, sealed: string): TaskTarget {
  if (!isCall(target)) return { type: target.type, payload: 'null', sealed };
  const { url, method, type } = target;
  return { ...(type !== undefined && { type }), url: `${new URL(url).origin}/`, method, headers: [], sealed };
}

function withSecret(target: TaskTarget, secret: string): TaskTarget {
  if (!isCall(target)) return { type: target.type, payload: secret };
  const { method, type } = target;
  const call = JSON.parse(secret) as Pick<CallTarget, 'url' | 'headers' | 'body'>;
  return { ...(type !== undefined && { type }), ...call, method };
}
