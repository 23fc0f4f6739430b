/** The JSON Pointer (RFC 6901) of a path of keys and indexes; the empty path is the whole document. */
export function jsonPointer(path: readonly (string | number)[]): string {
  return path.map((token) => `/${String(token).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
}
