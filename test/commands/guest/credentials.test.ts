import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import type { RawArgs } from '../../../src/cli/command.js';
import { guestCredentials } from '../../../src/commands/guest/credentials.js';
import { lacks } from '../../helpers/programs.js';
import { useTempDir } from '../../helpers/temp-dir.js';
import { call, raw } from './call.js';

describe.skipIf(lacks('ssh-keygen'))('guest credentials', () => {
  const dir = useTempDir();
  const own = `ssh-ed25519 ${'A'.repeat(68)} me`;
  const env = () => ({ ...process.env, HOME: dir });
  const terminal = { stdin: true, stdout: true, stderr: true };
  const make = (options: RawArgs['options'], name = 'web', more = {}) =>
    call(guestCredentials, raw(options, name), { env: env(), ...more });
  beforeAll(() => writeFileSync(join(dir, 'own.pub'), `${own}\n`));

  it.each(['libvirt', 'kernel', 'cloud-init'])('shows no private key on a terminal for %s', async (form) => {
    const said = make({ for: form }, 'web', { terminal });
    await expect(said).rejects.toThrow('the private host key is in it');
    await expect(make({ for: form, json: true }, 'web', { terminal })).rejects.toThrow('private host key');
    expect((await make({ for: form, 'show-private-key': true }, 'web', { terminal })).code).toBe(0);
  });

  it('writes a new file for its user only, and no file that exists', async () => {
    const output = join(dir, 'user-data');
    const { code, out } = await make({ for: 'cloud-init', output }, 'web', { terminal });
    expect({ code, out }).toEqual({ code: 0, out: '' });
    expect(statSync(output).mode & 0o777).toBe(0o600);
    const before = readFileSync(output, 'utf8');
    expect(before).toContain('BEGIN OPENSSH PRIVATE KEY');
    await expect(make({ for: 'libvirt', output })).rejects.toThrow(/user-data" cannot be written: EEXIST/);
    expect(readFileSync(output, 'utf8')).toBe(before);
  });

  it('takes where sshd is to listen, each once, but not for cloud-init', async () => {
    const { out } = await make({ for: 'kernel', listen: ['vsock::2222', '/run/s', 'vsock-stream::2222'] });
    expect(out).toMatch(/ systemd\.ssh_listen=vsock::2222 systemd\.ssh_listen=\/run\/s\n$/);
    const listen = (form: string, at: string) => make({ for: form, listen: [at] });
    await expect(listen('cloud-init', 'vsock::2222')).rejects.toThrow('takes no --listen');
    await expect(listen('qemu', 'vsock:2222')).rejects.toThrow('--listen takes vsock::PORT');
  });

  it('quotes a name for the shell that started it', async () => {
    const own = { ...env(), USERPROFILE: dir, MSYSTEM: '', PSModulePath: '' };
    const { err } = await make({ for: 'qemu' }, 'my "vm"', { platform: 'win32', env: own });
    expect(err).toContain(' with the name ^"my \\^"vm\\^"^", and vmssh ssh ^"root@my \\^"vm\\^"^"');
  });

  it("shows a login that the keys are for: root, and with cloud-init the image's own user", async () => {
    const then = async (form: string) => /^then: .*$/m.exec((await make({ for: form })).err)?.[0];
    expect(await then('qemu')).toBe('then: start the machine with the name web, and vmssh ssh root@web');
    expect(await then('cloud-init')).toBe(
      "then: start the machine with the name web, and log in as the image's own user, which is debian in Debian's: vmssh ssh debian@web",
    );
  });

  it("takes a user's own key, makes none then, and does not exchange it later", async () => {
    const key = join(dir, 'own.pub');
    const { out } = await make({ for: 'nspawn', key, json: true }, 'own');
    expect(JSON.parse(out)).toMatchObject({ name: 'own', logins: [own], hasPrivateKey: false });
    expect(JSON.parse(out)).not.toHaveProperty('identityFile');
    expect(existsSync(join(dir, '.ssh/vmssh_guests/own/id_ed25519'))).toBe(false);
    expect((await make({ for: 'qemu' }, 'own')).code).toBe(0);
    const other = make({ for: 'qemu', key }, 'web');
    await expect(other).rejects.toThrow('"web" was given other login keys before');
  });

  it.each([
    { name: 'vsock/3', says: 'expected the name of a machine, not a target: "vsock/3"' },
    { name: 'machine%web', says: 'not a target' },
    { name: 'a/b', says: 'contains a slash' },
    { name: '..', says: 'the machine name is ".."' },
    { name: 'a\nb', says: 'contains a control character' },
    { name: '', says: 'the machine name is empty' },
  ])('does not take $name for a name', async ({ name, says }) => {
    await expect(make({ for: 'qemu' }, name)).rejects.toThrow(says);
  });

  it('expects --for or --undo', async () => {
    await expect(make({})).rejects.toThrow('expected --for with one of qemu, libvirt');
    await expect(make({ for: 'qemu', undo: true })).rejects.toThrow('cannot be used together');
  });

  it('says why keys cannot be made', async () => {
    const broken = { env: { ...env(), PATH: '/proc/none' } };
    await expect(make({ for: 'qemu' }, 'other', broken)).rejects.toThrow(
      /keys of "other" in .* cannot be made/,
    );
    expect(existsSync(join(dir, '.ssh/vmssh_guests/other'))).toBe(false);
  });
});
