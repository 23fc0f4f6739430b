/**
 * Collects what comes in while a batch is on its way, and hands it on together.
 *
 * @template T
 * @param {(items: T[]) => Promise<unknown>} flush
 * @param {number} most in one batch
 * @returns {(item: T) => Promise<void>} resolves when the item's batch is done
 */
export function gather(flush, most) {
  let waiting = [];
  let flushing = false;
  const loop = async () => {
    flushing = true;
    while (waiting.length > 0) {
      const batch = waiting.splice(0, most);
      try {
        await flush(batch.map(({ item }) => item));
        for (const { resolve } of batch) resolve();
      } catch (error) {
        for (const { reject } of batch) reject(error);
      }
    }
    flushing = false;
  };
  return (item) =>
    new Promise((resolve, reject) => {
      waiting.push({ item, resolve, reject });
      // What arrives in the same turn of the event loop goes together.
      if (!flushing && waiting.length === 1) setImmediate(loop);
    });
}
