import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { parseProgress } from '../../src/guest/report.js';
import { accountScript, setupScript, undoScript } from '../../src/guest/script.js';
import { missingRoot } from '../helpers/other-user.js';
import { firstShell } from '../helpers/shells.js';
import { functionsOf, givenAccount, intoRoot, root, useRoot } from './sh/guest.js';

useRoot();

const [ann = '', bob = ''] = ['a', 'b'].map(
  (letter) => `ssh-ed25519 AAAA${letter.repeat(64)} ${letter}@host`,
);
const theirs = 'ssh-ed25519 AAAAcolleague c';
const before = `${theirs}\n`;

describe.skipIf(missingRoot('a setup of root’s account')).each(firstShell)(
  'whose undo it is: $name',
  ({ command: [program = '', ...args] }) => {
    const path = () => join(root, 'home/.ssh/authorized_keys');
    const journal = () => join(root, 'var/lib/vmssh/done');
    const keys = () => readFileSync(path(), 'utf8');
    const text = (...lines: readonly string[]) => lines.map((line) => `${line}\n`).join('');
    const run = (script: string) => {
      const { stdout, stderr } = spawnSync(program, args, { ...intoRoot(script), encoding: 'utf8' });
      expect(stderr).toBe('');
      return stdout;
    };
    const setup = (key: string) => run(accountScript({ account: 'root', keys: [key], look: false }));
    const undo = (owner: string, look = false) => run(undoScript({ owners: [owner], look }));
    const steps = (said: string) => said.split('\n').flatMap((line) => parseProgress(line) ?? []);
    beforeEach(() => givenAccount({ 'home/.ssh/authorized_keys': before }));

    it('takes back the key of the caller, says who is left, and the rest with the last', () => {
      setup(ann);
      setup(bob);
      const planned = steps(undo(ann, true));
      expect(keys()).toBe(text(theirs, ann, bob));
      const done = steps(undo(ann));
      expect(keys()).toBe(text(theirs, bob));
      for (const said of [planned, done])
        expect(said.find(({ step }) => step === 'others')?.message).toMatch(/^it stays set up for .*b@host/);
      expect(steps(undo(ann)).map(({ step, state }) => [step, state])).toEqual([
        ['undo', 'ok'],
        ['others', 'skipped'],
        ['0', 'end'],
      ]);
      expect(undo(bob)).toMatch(/authorized_keys is what it was\n/);
      expect([keys(), existsSync(journal())]).toEqual([before, false]);
    });

    it('leaves what all share to one whose key was there before', () => {
      writeFileSync(path(), text(theirs, bob));
      setup(ann);
      const share = functionsOf(setupScript({ port: 22, owners: [bob] })).replace('R="$1"', `R='${root}'`);
      run(`${share}\nscratch=$R\nnote_owners "$owners"`);
      undo(ann);
      expect([keys(), existsSync(journal())]).toEqual([text(theirs, bob), true]);
      undo(bob);
      expect([keys(), existsSync(journal())]).toEqual([text(theirs, bob), false]);
    });

    it('undoes an older journal for the key that is in it, and all for nobody in particular', () => {
      for (const owners of [[ann], undefined]) {
        setup(ann);
        const lines = readFileSync(journal(), 'utf8');
        expect(lines).toContain(`for\t${ann}`);
        writeFileSync(journal(), lines.replace(/^for.*\n/m, ''));
        expect(undo(bob)).toContain('nothing here was set up for a key of yours');
        expect(keys()).toBe(text(theirs, ann));
        run(undoScript({ owners }));
        expect([keys(), existsSync(journal())]).toEqual([before, false]);
      }
    });

    it('finds a key by itself, whatever its user put before it', () => {
      setup(ann);
      writeFileSync(path(), text(theirs, `no-pty,from="192.0.2.1" ${ann}`));
      expect(setup(ann)).toMatch(/^ok +key +root has the keys already$/m);
      setup(bob);
      undo(bob);
      expect(keys()).toBe(text(theirs, `no-pty,from="192.0.2.1" ${ann}`));
      expect(undo(ann)).toContain('lost our lines');
      expect(keys()).toBe(before);
    });

    it('says where a key is left that no journal has, and the command that removes it', () => {
      setup(ann);
      rmSync(join(root, 'var/lib/vmssh'), { recursive: true });
      expect(steps(undo(ann))[0]).toMatchObject({ state: 'ok', step: 'journal' });
      const left = run(accountScript({ account: 'root', keys: [bob, ann], look: 'left' }));
      const [failed, fix] = steps(left).filter(({ step }) => step === 'key');
      expect(failed?.message).toContain(`your key stays in /home/.ssh/authorized_keys, as nothing says`);
      expect(failed?.message).toContain(ann);
      run(fix?.message.replace("'/home", `'${root}/home`) ?? '');
      expect(keys()).toBe(before);
    });
  },
);
