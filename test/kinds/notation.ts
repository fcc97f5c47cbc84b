import { ConnectError } from '../../src/base/errors.js';
import { parseTarget } from '../../src/kinds/kinds.js';
import type { AnyTarget } from '../../src/typed/target.js';

/** What parseTarget makes of a text, in the notation of docs/targets.md and cases.md: "vsock cid=3 port=22" or "refused: why". */
export function understood(text: string): string {
  try {
    return notation(parseTarget(text));
  } catch (error) {
    if (!(error instanceof ConnectError) || error.op !== 'parse' || error.code !== 'USAGE') throw error;
    return `refused: ${error.problem}`;
  }
}

function notation({ kind, ...rest }: AnyTarget): string {
  const fields = Object.entries(rest).map(
    ([key, value]: [string, unknown]) =>
      `${key}=${typeof value === 'object' ? `(${notation(value as AnyTarget)})` : value}`,
  );
  return [kind, ...fields].join(' ');
}
