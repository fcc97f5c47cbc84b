import { realpathSync } from 'node:fs';

/** The path without links; undefined if nothing is there, or one of its folders may not be searched. */
export function realPath(path: string): string | undefined {
  try {
    return realpathSync(path);
  } catch {
    return undefined;
  }
}
