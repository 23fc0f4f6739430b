// Runs before `npm start` and `npm test`, on a fresh clone with Node and nothing else: installs the packages,
// builds, and sees to a Redis server. Quick and silent when all is up to date. The scripts `start` and `test`
// call it themselves: npm leaves `prestart` out when it may run no install scripts, and ours may not (.npmrc).
//
// An old Node has to get as far as the message, so this file keeps to syntax it can read.
const [major, minor] = process.versions.node.split('.').map(Number);

if (major < 20 || (major === 20 && minor < 19)) {
  console.error(
    'Task Runner needs Node 20.19 or newer; this is ' +
      process.version +
      '. Install a newer one from https://nodejs.org (or "nvm install"), then start again.',
  );
  process.exitCode = 1;
} else {
  import('./lib/prepare.mjs')
    .then((steps) => steps.prepare({ forTests: process.argv.includes('--test') }))
    .catch((error) => {
      console.error(error.message);
      process.exitCode = 1;
    });
}
