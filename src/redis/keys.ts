/**
 * Every key of the product begins with this. The hash tag keeps them all in one slot, which is what lets one script
 * touch any of them, on Redis Cluster too.
 */
export const KEY_PREFIX = '{tr}';

/** BullMQ's own name for the queue that holds the tasks; its keys are `{tr}:tasks:*`. */
export const TASKS_QUEUE = 'tasks';
