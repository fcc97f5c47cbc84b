import { ConnectError } from '../../src/errors.js';
import { parseTarget } from '../../src/kinds/parse.js';

/** What parseTarget makes of a text, in the notation of docs/targets.md: "vsock cid=3 port=22" or "refused: why". */
export function understood(text: string): string {
  try {
    const { kind, ...rest } = parseTarget(text);
    return [kind, ...Object.entries(rest).map(([key, value]) => `${key}=${value}`)].join(' ');
  } catch (error) {
    if (!(error instanceof ConnectError) || error.op !== 'parse' || error.code !== 'USAGE') throw error;
    return `refused: ${error.problem}`;
  }
}
