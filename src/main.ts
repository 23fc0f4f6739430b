import 'reflect-metadata';
import { Application } from './app/application.js';
import { ConfigError, loadConfig } from './config/load-config.js';

/** A terminal's Ctrl-C arrives twice when npm stands in between; a later one means "at once". */
const SAME_SIGNAL_MS = 1000;
/** What still holds the process after an orderly stop is cut off. */
const LINGER_MS = 3000;

const application = await start();

/** Resolves when the process has drained and closed everything after SIGTERM or SIGINT. */
export const stopped: Promise<void> = firstSignal().then(async () => {
  const inTime = await application.stop();
  if (!inTime) process.exit(1);
  setTimeout(() => process.exit(), LINGER_MS).unref();
});

async function start(): Promise<Application> {
  try {
    // Nothing else in the product reads the environment.
    const created = await Application.create(loadConfig(process.env));
    await created.start();
    return created;
  } catch (error) {
    console.error(error instanceof ConfigError ? error.message : error);
    process.exit(1);
  }
}

function firstSignal(): Promise<void> {
  return new Promise((resolve) => {
    let since: number | undefined;
    const onSignal = (): void => {
      since ??= performance.now();
      if (performance.now() - since > SAME_SIGNAL_MS) process.exit(1);
      resolve();
    };
    process.on('SIGTERM', onSignal);
    process.on('SIGINT', onSignal);
  });
}
