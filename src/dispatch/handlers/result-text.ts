/** At most this much of what a handler returns is kept. */
const MOST_BYTES = 16 * 1024;

/** What a handler returned as it is kept: JSON, or nothing. What is too long is replaced by how long it was. */
export function resultText(value: unknown): string | undefined {
  const text = jsonOf(value);
  if (text === undefined) return undefined;
  const bytes = Buffer.byteLength(text);
  return bytes <= MOST_BYTES ? text : JSON.stringify({ left_out: `more than ${MOST_BYTES} bytes`, bytes });
}

/** The work is done, whatever it returned: what is no JSON is no reason to do it again. */
function jsonOf(value: unknown): string | undefined {
  try {
    return JSON.stringify(value);
  } catch {
    return JSON.stringify({ left_out: 'it cannot be written as JSON' });
  }
}
