import type { Config } from '../config/config.js';
import type { Callbacks } from '../task/callbacks.js';
import type { Task, TaskTarget } from '../task/task.js';
import { TextCipher } from './text-cipher.js';

/**
 * Seals the call of a task (address, headers and body) and the addresses of its callbacks while it is stored, for its id:
 * they cannot be moved to another task. All else stays readable, and of the address its origin, which the gates need.
 * Without keys nothing is sealed, at no cost.
 */
export class TaskCipher {
  private readonly texts: TextCipher;

  constructor(config: Pick<Config, 'storage'>) {
    this.texts = new TextCipher(config);
  }

  /** The task as it is to be stored. */
  seal(task: Task): Task {
    if (!this.texts.seals || task.target.sealed !== undefined) return task;
    const { url, method, headers, body } = task.target;
    const sealed = this.texts.seal(JSON.stringify({ url, headers, ...(body && { body }) }), task.id);
    if (sealed === undefined) return task;
    const target = { url: `${new URL(url).origin}/`, method, headers: [], sealed };
    return {
      ...task,
      target,
      ...(task.callbacks && { callbacks: this.sealCallbacks(task.callbacks, task.id) }),
    };
  }

  /** A task that was stored, with its call; still sealed when no key opens it. */
  open(task: Task): Task {
    const { sealed, method } = task.target;
    if (sealed === undefined) return task;
    const call = this.texts.open(sealed, task.id);
    if (call === undefined) return task;
    const target = { ...(JSON.parse(call) as Omit<TaskTarget, 'method'>), method };
    return {
      ...task,
      target,
      ...(task.callbacks && { callbacks: this.openCallbacks(task.callbacks, task.id) }),
    };
  }

  /** The addresses of the callbacks of the task with this id; still sealed when no key opens them. */
  openCallbacks(callbacks: Callbacks, id: string): Callbacks {
    const { sealed } = callbacks;
    const text = sealed === undefined ? undefined : this.texts.open(sealed, ofCallbacks(id));
    return text === undefined ? callbacks : (JSON.parse(text) as Callbacks);
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
