// Calls between the benchmark and a process of its own, over the channel that Node gives a child.

/**
 * The child's side.
 *
 * @param {Readonly<Record<string, (argument: any) => unknown>>} ops
 */
export function serve(ops) {
  process.on('message', async ({ id, op, argument }) => {
    try {
      reply({ id, result: await ops[op](argument) });
    } catch (error) {
      reply({ id, error: String(error?.stack ?? error) });
    }
  });
  process.channel.ref();
  process.send({ ready: true });
}

// The parent may have gone meanwhile.
function reply(message) {
  if (process.connected) process.send(message);
}

let lastId = 0;

/**
 * The parent's side.
 *
 * @param {import('node:child_process').ChildProcess} child
 * @param {string} op
 * @param {unknown} [argument]
 * @returns {Promise<any>}
 */
export function ask(child, op, argument) {
  const id = ++lastId;
  return new Promise((resolve, reject) => {
    const finish = (settle, value) => {
      child.off('message', onMessage);
      child.off('exit', onExit);
      settle(value);
    };
    const onMessage = (message) => {
      if (message.id !== id) return;
      if ('error' in message) finish(reject, new Error(message.error));
      else finish(resolve, message.result);
    };
    const onExit = (code) => finish(reject, new Error(`a process ended with code ${code} during "${op}"`));
    child.on('message', onMessage);
    child.on('exit', onExit);
    child.send({ id, op, argument }, (error) => error && finish(reject, error));
  });
}
