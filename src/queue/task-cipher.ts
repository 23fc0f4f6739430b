import type { Config } from '../config/config.js';
import type { Task, TaskTarget } from '../task/task.js';
import { TextCipher } from './text-cipher.js';

/**
 * Seals the call of a task (address, headers and body) while it is stored, for its id: it cannot be moved to another task.
 * All else stays readable, and of the address its origin, which the gates need. Without keys nothing is sealed, at no cost.
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
    return { ...task, target: { url: `${new URL(url).origin}/`, method, headers: [], sealed } };
  }

  /** A task that was stored, with its call; still sealed when no key opens it. */
  open(task: Task): Task {
    const { sealed, method } = task.target;
    if (sealed === undefined) return task;
    const call = this.texts.open(sealed, task.id);
    if (call === undefined) return task;
    return { ...task, target: { ...(JSON.parse(call) as Omit<TaskTarget, 'method'>), method } };
  }
}
