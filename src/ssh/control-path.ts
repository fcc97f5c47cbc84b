import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import { settingIn } from '../process/ssh-program.js';
import { shellQuoted } from '../typed/shell.js';

/** Why ssh cannot use a ControlPath, and ends: one clause, and the fix. */
export interface ControlPathTrouble {
  readonly problem: string;
  readonly fix: string;
}

/** The trouble with the ControlPath in the output of `ssh -G HOST`; undefined if ssh can use it. */
export function brokenControlPath(
  settings: string,
  host: string,
  failsIn: (folder: string) => string | undefined = whyNoSocket,
): ControlPathTrouble | undefined {
  const path = settingIn(settings, 'controlpath') ?? 'none';
  if (path === 'none') return undefined;
  const says = (why: string) => `ssh's ControlPath is ${path}: ${why}, and no login works`;
  const makes = !/^(no|false)$/.test(settingIn(settings, 'controlmaster') ?? 'no');
  // An older ssh prints the tokens, a newer one their values (ssh_config(5), TOKENS).
  const isWhole = /^\/[^%]*$/.test(path);
  const most = longest - (makes ? longestSuffix : 0);
  if (isWhole && Buffer.byteLength(path) > most)
    return { problem: says(`a socket can have ${most} bytes there`), fix: shorterPath };
  const folder = posix.dirname(path);
  const why = makes && isWhole ? failsIn(folder) : undefined;
  if (!makes || (isWhole && why === undefined)) return undefined;
  if (why !== undefined && why !== 'ENOENT')
    return { problem: says(`ssh cannot make its socket in that folder (${why})`), fix: otherFolder };
  const hasName = isWhole
    ? path.toLowerCase().includes(host.toLowerCase())
    : /(?<!%)(?:%%)*%[hkn]/.test(path);
  if (hasName && host.includes('/'))
    return {
      problem: says('with the "/" of a target in it ssh cannot make that socket'),
      fix: controlPathFix,
    };
  if (!isWhole) return undefined;
  return { problem: says('its folder is not there'), fix: `mkdir -p -m 700 ${shellQuoted(folder)}` };
}

/** What ssh cannot do in a folder of this user: it makes a socket, and then a hard link to that. In another's folder nothing is made. */
function whyNoSocket(folder: string): string | undefined {
  let own: string | undefined;
  try {
    if (statSync(folder).uid !== process.getuid?.()) return undefined;
    own = mkdtempSync(join(folder, '.vmssh-'));
    writeFileSync(join(own, 'socket'), '');
    const linked = spawnSync('ln', [join(own, 'socket'), join(own, 'link')], {
      stdio: 'ignore',
      timeout: 2000,
    });
    return linked.status ? 'no hard links' : undefined;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code;
  } finally {
    if (own !== undefined) rmSync(own, { recursive: true, force: true });
  }
}

/** Bytes of a socket's path (unix(7)), and of what ssh appends to it until it listens (its mux.c). */
const longest = 107;
const longestSuffix = 17;

const shorterPath = 'a shorter one in your ssh configuration, as in ControlPath /run/user/%i/%C';
const otherFolder = 'another folder in your ssh configuration, as in ControlPath /run/user/%i/%C';

export const controlPathFix =
  'write %C instead of %h in your ssh configuration, as in ControlPath ~/.ssh/control-%C';
