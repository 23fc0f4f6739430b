/**
 * The result of `work`, which goes on when it is late. What came in time counts, though this process was held up and
 * reads it only now.
 *
 * @throws Error when there is none after so many milliseconds
 */
export async function within<T>(ms: number, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      // After what has come over sockets.
      setImmediate(() => {
        reject(new Error(`no answer within ${ms} ms`));
      });
    }, ms);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
