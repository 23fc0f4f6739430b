import 'reflect-metadata';
import { Application } from './app/application.js';
import { StartRefused } from './app/start-refused.js';
import { StopSignals } from './app/stop-signals.js';
import { readConfigFile } from './config/config-file.js';
import { ConfigError, isSetting, loadConfig } from './config/load-config.js';

/** What still holds the process after an orderly stop is cut off. */
const LINGER_MS = 3000;

const stop = stopSignal();
const running = await start();

/** Where the server listens; nothing when a signal came before it was ready. */
export const url: string | undefined = running?.url;

/** Resolves when the process has drained and closed everything after SIGTERM or SIGINT. */
export const stopped: Promise<void> = untilStopped();

/** Aborted by the first SIGTERM or SIGINT, also by one that comes during the start. */
function stopSignal(): AbortSignal {
  const controller = new AbortController();
  const signals = new StopSignals();
  const onSignal = (): void => {
    if (signals.received(performance.now()) === 'stop_at_once') process.exit(1);
    controller.abort();
  };
  process.on('SIGTERM', onSignal);
  process.on('SIGINT', onSignal);
  return controller.signal;
}

async function start(): Promise<{ application: Application; url: string } | undefined> {
  try {
    // Nothing else in the product reads the environment.
    const { env } = process;
    const file = readConfigFile(env['CONFIG_FILE'] ?? '', isSetting);
    const application = await Application.create(loadConfig(env, file));
    const address = await application.start(stop);
    return address === undefined ? undefined : { application, url: address };
  } catch (error) {
    // What the log still holds comes first: whoever looks reads the last line.
    await new Promise((resolve) => setImmediate(resolve));
    console.error(error instanceof ConfigError || error instanceof StartRefused ? error.message : error);
    process.exit(1);
  }
}

async function untilStopped(): Promise<void> {
  if (running) {
    if (!stop.aborted) await new Promise((resolve) => (stop.onabort = resolve));
    const inTime = await running.application.stop();
    if (!inTime) process.exit(1);
  }
  setTimeout(() => process.exit(), LINGER_MS).unref();
}
