import { loopbackHost } from '../address/host-name.js';
import { linesOf, parseLine } from './lines.js';

/** A machine's public host key, and its loopback port. */
export interface LoopbackKey {
  readonly port: number;
  /** "ssh-ed25519" and the like. */
  readonly type: string;
  /** In base64. */
  readonly key: string;
}

/** The comment at the end of each line of ours. */
const mark = 'vmssh-loopback';

/**
 * A known_hosts file with exactly these lines of ours: "[127.0.0.1]:PORT TYPE KEY vmssh-loopback". Every other line stays as it is. The same
 * Buffer if nothing changes; undefined if nothing is left.
 */
export function withLoopbackKeys(old: Buffer | undefined, keys: readonly LoopbackKey[]): Buffer | undefined {
  const wanted = new Set(
    keys.map(({ port, type, key }) => `[${loopbackHost}]:${port} ${type} ${key} ${mark}\n`),
  );
  const lines = linesOf(old ?? Buffer.alloc(0));
  const has = new Set<string>();
  const kept = lines.filter((line) => {
    if (!isOurs(line)) return true;
    const stays = wanted.has(line) && !has.has(line);
    has.add(line);
    return stays;
  });
  const added = [...wanted].filter((line) => !has.has(line));
  if (added.length === 0 && kept.length === lines.length) return old;
  if (added.length === 0 && kept.length === 0) return undefined;
  const last = kept.at(-1);
  const end = added.length === 0 || last === undefined || last.endsWith('\n') ? '' : '\n';
  return Buffer.from(`${kept.join('')}${end}${added.join('')}`, 'latin1');
}

/** Only a line in the very form that `withLoopbackKeys` writes. */
function isOurs(line: string): boolean {
  const parsed = parseLine(line);
  return (
    parsed !== undefined &&
    parsed.marker === undefined &&
    /^\[127\.0\.0\.1\]:\d+$/.test(parsed.hosts) &&
    line.trimEnd() === `${parsed.hosts} ${parsed.type} ${parsed.key} ${mark}`
  );
}
