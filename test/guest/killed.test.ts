import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { accountScript, undoScript } from '../../src/guest/script.js';
import { missingRoot } from '../helpers/other-user.js';
import { findProgram } from '../helpers/programs.js';
import { given, root, useRoot } from './sh/guest.js';

useRoot();

const [old, key] = ['ssh-ed25519 AAAA old\n', `ssh-ed25519 ${'A'.repeat(68)} me`];
/** The programs by which a setup changes a file. */
const tools = 'cat chmod cp mkdir mktemp mv rm'.split(' ');

// Only a file of root's is root's account's.
const notRoot = missingRoot('a setup of root’s account');

it.skipIf(notRoot)(
  'a setup that is killed at any change leaves whole files; the next does the rest, and --undo takes it back',
  () => {
    const file = (name: string) => readFileSync(join(root, name), 'utf8');
    const keys = () => file('home/.ssh/authorized_keys');
    const names = () =>
      readdirSync(root, { recursive: true, encoding: 'utf8' }).filter((name) =>
        /^(home|etc|run|tmp)/.test(name),
      );
    // Each call is a line; from this number on it ends all that runs there.
    const step = `if [ -n "\${KILL-}" ]; then
  echo >>'${root}/calls' && n=0
  while read -r _; do n=$((n + 1)); done <'${root}/calls'
  [ "$n" -lt "$KILL" ] || kill -KILL 0
fi\n`;
    const hostKey = `${root}/etc/ssh/ssh_host_ed25519_key`;
    given({
      ...Object.fromEntries(
        tools.map((name) => [`counted/${name}`, `#!/bin/sh\n${step}exec ${findProgram(name)} "$@"\n`]),
      ),
      'usr/sbin/sshd': `#!/bin/sh
says() { printf '%s\\n' 'authorizedkeysfile .ssh/authorized_keys' 'pubkeyauthentication yes' 'permitrootlogin yes'; }
case " $*" in *' -G'*) exit 1 ;; *' -h'*) says; exit ;; esac
[ "$(cat '${hostKey}')" = key ] || { echo 'sshd: no hostkeys available' >&2; exit 1; }
says\n`,
      'bin/sh': '#!/bin/sh\n',
      'fakes/id': '#!/bin/sh\necho 0\n',
      'fakes/getent': '#!/bin/sh\necho root:x:0:0::/home:/bin/sh\n',
      // The real one asks whether to replace a file.
      'fakes/ssh-keygen': `#!/bin/sh\nfor to; do :; done; [ ! -e "$to" ] || exit 1
${step}echo half >"$to"\n${step}echo key >"$to"\n${step}echo 'ssh-ed25519 AAAA vmssh setup' >"$to.pub"\n`,
      'home/.ssh/authorized_keys': old,
    });
    for (const folder of ['etc/ssh', 'run', 'tmp']) mkdirSync(join(root, folder), { recursive: true });
    const run = (script: string, kill?: number) => {
      const PATH = [...(kill ? ['counted'] : []), 'fakes'].map((folder) => join(root, folder)).join(':');
      const env = { PATH, TMPDIR: join(root, 'tmp'), ...(kill ? { KILL: `${kill}` } : {}) };
      // By stdin, as a manager gives it: an argument has a limit.
      const input = script.replace("\nR=''\n", `\nR='${root}'\n`);
      return spawnSync(findProgram('setsid') ?? '', ['/bin/sh', '-s'], { env, input, timeout: 20_000 })
        .status;
    };
    const setup = accountScript({ account: 'root', keys: [key], look: false });
    const before = names();
    let at = 1;
    for (let code: number | null = null; code !== 0; at += 4) {
      rmSync(join(root, 'calls'), { force: true });
      code = run(setup, at);
      expect([null, 0]).toContain(code);
      expect([old, `${old}${key}\n`]).toContain(keys());
      expect(run(setup)).toBe(0);
      expect([keys(), readFileSync(hostKey, 'utf8')]).toEqual([`${old}${key}\n`, 'key\n']);
      expect(run(undoScript())).toBe(0);
      expect([names(), keys()]).toEqual([before, old]);
    }
    expect(at).toBeGreaterThan(20);
  },
  600_000,
);
