import { spawnSync } from 'node:child_process';
import {
  appendFileSync,
  chmodSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { lacks } from '../../helpers/programs.js';
import { isIn, useKeyBed } from './key-bed.js';
import { missingOwnHome } from './own-home.js';

const name = 'web';

/** What docs/host-keys.md promises, whatever somebody does to its files and names. */
describe.skipIf(lacks('ssh', 'sshd', 'socat') ?? missingOwnHome())('the files of host keys', () => {
  const bed = useKeyBed(name);
  const own = join(bed.sshFolder, 'vmssh_known_hosts');
  const inbox = `${own}.new`;
  const login = async (policy: string, typed = name, ...more: readonly string[]) =>
    isIn(await bed.ssh(typed, `-oStrictHostKeyChecking=${policy}`, ...more));
  const known = async () => expect(await login('accept-new')).toBe(true);
  const replaced = () => bed.lists({ at: 'b', id: '1' });

  beforeEach(() => {
    bed.begin();
    bed.lists({ at: 'a', id: '1' });
  });

  it('with a last line that has no end count, also of what ssh has kept without a note', async () => {
    writeFileSync(own, `db ${bed.key('b')}`, { mode: 0o600 });
    writeFileSync(inbox, `${name} ${bed.key('a')}`, { mode: 0o600 });
    expect(await login('yes')).toBe(true);
    replaced();
    expect(await login('no')).toBe(false);
  });

  it.each([
    { when: 'before the next login', isKnownTwice: false },
    { when: 'after it', isKnownTwice: true },
  ])('hashed by ssh-keygen -H $when still know the machine', async ({ isKnownTwice }) => {
    await known();
    if (isKnownTwice) await known();
    for (const file of [own, inbox]) if (existsSync(file)) spawnSync('ssh-keygen', ['-H', '-f', file]);
    for (const typed of [name, `lab/${name}`]) expect(await login('yes', typed)).toBe(true);
    replaced();
    for (const typed of [name, `lab/${name}`]) expect(await login('no', typed)).toBe(false);
  });

  it('have a line for every host, which counts', async () => {
    writeFileSync(own, `* ${bed.key('a')}\n`, { mode: 0o600 });
    expect(await login('yes')).toBe(true);
    replaced();
    expect(await login('no')).toBe(false);
  });

  it('lose a machine by forget, with what ssh has added of it', async () => {
    await known();
    appendFileSync(inbox, `${name} ${bed.key('b')}\n`);
    replaced();
    expect(await login('no')).toBe(false);
    expect(await bed.vmssh('forget', name)).toMatchObject({ code: 0 });
    expect(bed.kept()).not.toContain('ssh-ed25519');
    expect(await login('yes')).toBe(false);
    expect(await login('accept-new')).toBe(true);
  });

  it('keep what UpdateHostKeys adds, and forget it', async () => {
    for (const at of ['a', 'b'] as const) {
      const key = join(bed.dir, at, 'ecdsa');
      rmSync(key, { force: true });
      spawnSync('ssh-keygen', ['-q', '-t', 'ecdsa', '-N', '', '-f', key]);
      appendFileSync(join(bed.dir, at, 'sshd_config'), `HostKey ${key}\n`);
    }
    for (let times = 0; times < 3; times++)
      expect(await login('accept-new', name, '-oUpdateHostKeys=yes')).toBe(true);
    replaced();
    expect(await login('no')).toBe(false);
    expect(await login('no', `lab/${name}`)).toBe(false);
    expect(await bed.vmssh('forget', name)).toMatchObject({ code: 0 });
    expect(await login('accept-new')).toBe(true);
    expect(await login('yes')).toBe(true);
  });

  it.each<{ what: string; make: () => void; want: boolean }>([
    { what: 'a folder', make: () => mkdirSync(inbox), want: false },
    {
      what: 'too long',
      make: () => {
        writeFileSync(inbox, '');
        truncateSync(inbox, 20 << 20);
      },
      want: false,
    },
    {
      what: 'for others to write',
      make: () => {
        writeFileSync(inbox, '');
        chmodSync(inbox, 0o666);
      },
      want: false,
    },
    {
      what: 'a link to a file',
      make: () => {
        symlinkSync(join(bed.dir, 'elsewhere'), inbox);
      },
      want: true,
    },
  ])('of ssh, $what', async ({ make, want }) => {
    make();
    expect(await login('accept-new')).toBe(want);
    replaced();
    expect(await login('no')).toBe(false);
  });

  it('a note of a key that ssh has not kept is nobody’s word', async () => {
    replaced();
    expect(await login('yes')).toBe(false);
    expect(readFileSync(inbox, 'utf8')).toMatch(/^# vmssh: /);
    expect(await login('yes')).toBe(false);
    bed.lists({ at: 'a', id: '1' });
    await known();
    expect(await login('yes', `lab/${name}`)).toBe(true);
    replaced();
    expect(await login('no')).toBe(false);
  });

  it('with more notes than anybody asked for are short again, and a note counts', async () => {
    const [type, day] = ['SHA256:'.padEnd(50, 'x'), new Date().toISOString().slice(0, 10)];
    const note = (at: number) => `# vmssh: web${at} ${type} vmssh-${bed.id} ${day} ssh lab%web\n`;
    writeFileSync(inbox, Array.from({ length: 5000 }, (_, at) => note(at)).join(''), { mode: 0o600 });
    await known();
    expect(readFileSync(inbox).length).toBeLessThan(256 << 10);
    expect(await login('yes', `lab/${name}`)).toBe(true);
  });

  it('of clones with one key: each is asked about', async () => {
    bed.lists({ at: 'a', id: '1' }, { at: 'a', id: '2', name: 'copy' });
    await known();
    expect(await login('yes', 'lab/copy')).toBe(false);
    expect(await login('accept-new', 'lab/copy')).toBe(true);
    for (const typed of [name, `lab/${name}`, 'lab/copy']) expect(await login('yes', typed)).toBe(true);
    bed.lists({ at: 'a', id: '1' }, { at: 'b', id: '2', name: 'copy' });
    expect(await login('no', 'lab/copy')).toBe(false);
  });

  it('of an address: another key there is refused until it is forgotten', async () => {
    bed.lists();
    const address = `unix${join(bed.dir, 'a/ssh.sock')}`;
    expect(await login('yes', address)).toBe(false);
    expect(await login('accept-new', address)).toBe(true);
    expect(await login('yes', address)).toBe(true);
    const sockets = [join(bed.dir, 'a/ssh.sock'), join(bed.dir, 'b/ssh.sock')] as const;
    for (const [from, to] of [
      [sockets[0], 'x'],
      [sockets[1], sockets[0]],
    ] as const)
      renameSync(from, to === 'x' ? `${from}.x` : to);
    try {
      for (const policy of ['no', 'accept-new']) expect(await login(policy, address)).toBe(false);
      expect(await bed.vmssh('forget', address)).toMatchObject({ code: 0 });
      expect(await login('accept-new', address)).toBe(true);
    } finally {
      renameSync(sockets[0], sockets[1]);
      renameSync(`${sockets[0]}.x`, sockets[0]);
    }
  });
});
