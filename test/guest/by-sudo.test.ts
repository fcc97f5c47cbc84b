import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { accountScript, setupScript, undoScript } from '../../src/guest/script.js';
import { findProgram } from '../helpers/programs.js';
import { firstShell } from '../helpers/shells.js';
import { script } from '../helpers/temp-dir.js';
import { givenAccount, intoRoot, root, useRoot } from './sh/guest.js';

useRoot();

describe.each(firstShell)(
  'a script by a login and its sudo: $name',
  ({ command: [program = '', ...args] }) => {
    const run = (text: string, more = {}) => {
      const { input, env } = intoRoot(text);
      const how = { input, env: { ...env, HOME: join(root, 'home'), ...more }, encoding: 'utf8' } as const;
      const { status, stdout } = spawnSync(program, args, how);
      return { status, stdout };
    };
    const asUid = (uid: number) =>
      script(join(root, 'fakes/id'), `[ "$1" = -u ] && echo ${uid} || echo root`);
    beforeEach(() => {
      givenAccount({ 'home/.profile': '' });
      asUid(1000);
      // Root's files are those of whoever runs the tests.
      const owner = `[ "$each" != root ] || each=${process.getuid?.()}`;
      const words = `for each; do shift; ${owner}; set -- "$@" "$each"; done`;
      script(join(root, 'fakes/find'), `${words}; exec ${findProgram('find')} "$@"`);
    });

    it.each([
      ['units', setupScript({ port: 22, own: true })],
      ['an undo', undoScript({ own: true, account: 'root' })],
    ])('%s: asks to run again, and changes nothing', (_, text) => {
      expect(run(text)).toEqual({ status: 3, stdout: '' });
      expect(['home/.local', 'run/vmssh-lock'].filter((path) => existsSync(join(root, path)))).toEqual([]);
    });

    it.each([
      ['nothing', 'exit 0', /^ok +sudo +the units for vsock need root, by sudo: it asks for no password$/m],
      ['a password', 'exit 1', /^skipped +sudo +.*: it will ask for the password of root$/m],
    ])('units: the plan says that sudo asks for %s', (_, sudo, says) => {
      script(join(root, 'fakes/sudo'), sudo);
      expect(run(accountScript({ account: 'root', own: true, look: true, units: true })).stdout).toMatch(
        says,
      );
    });

    it('says by whom it runs then', () => {
      asUid(0);
      const undone = run(undoScript({ own: true, account: 'root' }), { SUDO_USER: 'ann' });
      expect(undone.stdout).toMatch(/^ok +sudo +by sudo, as root\n/);
    });
  },
);
