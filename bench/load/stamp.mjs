/** A time takes so many characters at the beginning of a task's body. */
export const STAMP_LENGTH = 16;

/** @returns {number} microseconds on a clock that all processes of the machine share and nobody sets */
export function nowUs() {
  return Number(process.hrtime.bigint() / 1000n);
}

/** @param {number} us @returns {string} */
export function stamp(us) {
  return String(us).padStart(STAMP_LENGTH, '0');
}

/** @param {Buffer} body @returns {number} */
export function readStamp(body) {
  return Number(body.latin1Slice(0, STAMP_LENGTH));
}
