import { stat } from 'node:fs/promises';

/** Whether something is at a path, which its user may look at. */
export function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
