import { readFileSync } from 'node:fs';

/** Which build this is, as `/version` tells it. */
export interface BuildInfo {
  readonly version: string;
  readonly commit: string;
  readonly built_at: string;
}

const UNBUILT: BuildInfo = { version: '0.0.0-dev', commit: 'unknown', built_at: 'unknown' };

/** Written beside the compiled code by the build; sources that run uncompiled have none. */
export const buildInfo: BuildInfo = read(new URL('../build-info.json', import.meta.url));

function read(file: URL): BuildInfo {
  try {
    return { ...UNBUILT, ...(JSON.parse(readFileSync(file, 'utf8')) as Partial<BuildInfo>) };
  } catch {
    return UNBUILT;
  }
}
