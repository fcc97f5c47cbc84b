import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { lacks } from '../../helpers/programs.js';
import { skip } from '../../helpers/skips.js';

const uid = process.getuid?.() ?? 0;

/** Why no program can be given a home by the password database, with the remedy; undefined if one can. */
export function missingOwnHome(): string | undefined {
  const missing = lacks('unshare', 'mount');
  if (missing !== undefined) return missing;
  const { status } = spawnSync('unshare', [...apart, 'true']);
  return status === 0
    ? undefined
    : skip('no user namespaces here: sysctl kernel.unprivileged_userns_clone=1');
}

/** Only root needs no user namespace for a mount; in one, whoever runs the tests is root. */
const apart = uid === 0 ? ['--mount'] : ['--map-root-user', '--mount'];

/**
 * Makes `home`, and returns what comes before a command so that the password database says it is the user's: ssh asks that for "~", and
 * not HOME.
 */
export function ownHome(home: string): readonly string[] {
  mkdirSync(join(home, '.ssh'), { recursive: true, mode: 0o700 });
  const passwd = join(home, 'passwd');
  const lines = readFileSync('/etc/passwd', 'utf8').split('\n');
  const moved = lines.map((line) => {
    const fields = line.split(':');
    return [0, uid].includes(Number(fields[2] || -1)) ? fields.with(5, home).join(':') : line;
  });
  writeFileSync(passwd, moved.join('\n'));
  return ['unshare', ...apart, 'sh', '-c', 'mount --bind "$0" /etc/passwd && exec "$@"', passwd];
}
