import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { missingRoot } from '../../helpers/other-user.js';
import { lacks } from '../../helpers/programs.js';

/** Why no program can be given a home by the password database, with the remedy: in a user namespace root's files would be nobody's. */
export function missingOwnHome(): string | undefined {
  return lacks('unshare', 'mount') ?? missingRoot('a home by the password database');
}

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
    return fields[2] === '0' ? fields.with(5, home).join(':') : line;
  });
  writeFileSync(passwd, moved.join('\n'));
  return ['unshare', '--mount', 'sh', '-c', 'mount --bind "$0" /etc/passwd && exec "$@"', passwd];
}
