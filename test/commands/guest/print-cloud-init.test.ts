import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { guestPrint } from '../../../src/commands/guest/print.js';
import { setupScript } from '../../../src/guest/script.js';
import { useTempDir } from '../../helpers/temp-dir.js';
import { call, raw } from './call.js';

const dir = useTempDir();
const as = 'cloud-init';
const key = `ssh-ed25519 ${'A'.repeat(68)} it's "me"`;
beforeAll(() => writeFileSync(join(dir, 'k.pub'), `${key}\n`));

describe('guest print --as cloud-init', () => {
  it('contains the whole script', async () => {
    const { out } = await call(guestPrint, raw({ as, key: join(dir, 'k.pub') }));
    const [, content = '', after] =
      /\n {4}content: \|\n([\s\S]*)(?=runcmd:)(runcmd:[\s\S]*)$/.exec(out) ?? [];
    expect(content.replaceAll(/^ {6}/gm, '')).toBe(setupScript({ port: 22, keys: [key] }));
    expect(content.split('\n').every((line) => line === '' || line.startsWith('      '))).toBe(true);
    expect(after).toBe('runcmd:\n  - [sh, /run/vmssh-guest-setup.sh]\n');
    expect(out).toContain(`ssh_authorized_keys:\n  - ${JSON.stringify(key)}\n`);
  });

  it('writes a tree for an image, and never overwrites one', async () => {
    const tree = join(dir, 'seed');
    const key = join(dir, 'k.pub');
    const options = { as, key, tree, port: '2222', 'hosts-fix': true, distro: 'arch' } as const;
    const { out } = await call(guestPrint, raw(options));
    const system = `${tree}/extra/etc/systemd/system`;
    expect(out.trim().split('\n')).toEqual([
      `${tree}/user-data`,
      `${tree}/meta-data`,
      `${system}/sshd-vsock-2222.socket`,
      `${system}/sshd-vsock-2222@.service`,
      `${system}/sockets.target.wants/sshd-vsock-2222.socket`,
      `${system}/vmssh-hosts.service`,
      `${system}/sysinit.target.wants/vmssh-hosts.service`,
      `${tree}/extra/root/.ssh/authorized_keys`,
    ]);
    expect(readlinkSync(`${system}/sockets.target.wants/sshd-vsock-2222.socket`)).toBe(
      '../sshd-vsock-2222.socket',
    );
    expect(existsSync(`${system}/sockets.target.wants/sshd-vsock-2222.socket`)).toBe(true);
    expect(readFileSync(`${system}/sshd-vsock-2222@.service`, 'utf8')).toContain(
      'ExecStart=-/usr/bin/sshd -i',
    );
    expect(statSync(`${tree}/extra/root/.ssh`).mode & 0o777).toBe(0o700);
    expect(statSync(`${tree}/extra/root/.ssh/authorized_keys`).mode & 0o777).toBe(0o600);
    await expect(call(guestPrint, raw(options))).rejects.toThrow('it is not empty');
  });

  it('gives the keys of another account neither to root nor to the default user', async () => {
    const tree = join(dir, 'account');
    const { out, err } = await call(guestPrint, raw({ as, tree, key: join(dir, 'k.pub'), account: 'ann' }));
    expect(out).not.toContain('authorized_keys');
    expect(readdirSync(join(tree, 'extra'))).toEqual(['etc']);
    expect(err).toBe('vmssh: extra/ has no keys: only the script in user-data finds the home of ann\n');
    const text = readFileSync(join(tree, 'user-data'), 'utf8');
    expect(text).not.toContain('ssh_authorized_keys');
    expect(text).toContain("account='ann'");
    const other = join(dir, 'root');
    await call(guestPrint, raw({ as, tree: other, key: join(dir, 'k.pub'), account: 'root' }));
    expect(readFileSync(`${other}/extra/root/.ssh/authorized_keys`, 'utf8')).toBe(`${key}\n`);
    expect(readFileSync(`${other}/user-data`, 'utf8')).not.toContain('ssh_authorized_keys');
  });

  it('follows no link that was planted in the folder', async () => {
    const tree = join(dir, 'planted');
    const victim = join(dir, 'victim');
    for (const path of [tree, victim]) mkdirSync(path);
    symlinkSync(victim, join(tree, 'extra'));
    const written = call(guestPrint, raw({ as, tree, key: join(dir, 'k.pub') }));
    await expect(written).rejects.toMatchObject({
      message: `"${tree}" is not used: it is not empty: it contains "extra"`,
      hint: 'give --tree a new folder',
    });
    expect([readdirSync(victim), readdirSync(tree)]).toEqual([[], ['extra']]);
  });

  it('puts the generator into the tree instead', async () => {
    const tree = join(dir, 'generator');
    await call(guestPrint, raw({ as, tree, generator: true }));
    const path = `${tree}/extra/etc/systemd/system-generators/vmssh-ssh-generator`;
    expect(statSync(path).mode & 0o777).toBe(0o755);
    expect(existsSync(`${tree}/extra/etc/systemd/system`)).toBe(false);
  });
});
