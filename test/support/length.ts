/** `RESILIENCE=long`, which `npm run test:resilience` sets: larger numbers, more repeats. */
export const isLong = process.env['RESILIENCE'] === 'long';
