/** `RESILIENCE_LONG=1`, which `npm run test:resilience` sets: larger numbers, more repeats. */
export const isLong = process.env['RESILIENCE_LONG'] === '1';
