import { execFileSync, spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { credentialsOf, formFor, hypervisors, parseListen } from '../../src/guest/credentials.js';
import { lacks, missingPrograms } from '../helpers/programs.js';
import { run } from '../helpers/run.js';
import { useTempDir } from '../helpers/temp-dir.js';

const keys = {
  hostKey: '-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\nBBBB\n-----END OPENSSH PRIVATE KEY-----\n',
  hostPublicKey: 'ssh-ed25519 AAAAhost vmssh-web',
  logins: ['ssh-ed25519 AAAAlogin it\'s "me" <&> ü', 'from="10.0.0.0/8" ssh-ed25519 AAAAtwo'],
};
const folder = '/home/a, b/.ssh/vmssh_guests/web';
const text = (each: (typeof hypervisors)[number]) => formFor(each, keys, folder).text;
const listenBase64 = Buffer.from('vsock::2222\n/run/ssh\n').toString('base64');
const decoded = (base64: string) => Buffer.from(base64, 'base64').toString();

describe('the credentials', () => {
  it('have each key in the files that sshd reads', () => {
    const [extra, root, everybody] = credentialsOf(keys);
    const files = [...(extra?.text ?? '').matchAll(/^f\+~ (\S+) (\d+) root root - (\S+)$/gm)];
    expect(files.map(([, path, mode, content = '']) => [path, mode, decoded(content)])).toEqual([
      ['/etc/ssh/ssh_host_ed25519_key', '0600', keys.hostKey],
      ['/etc/ssh/ssh_host_ed25519_key.pub', '0644', `${keys.hostPublicKey}\n`],
    ]);
    expect(root).toEqual({ id: 'ssh.authorized_keys.root', text: `${keys.logins.join('\n')}\n` });
    expect(everybody?.text).toBe(root?.text);
  });
});

describe('what a hypervisor is given', () => {
  const dir = useTempDir();
  it('says which have the private key in them', () => {
    const secret = hypervisors.filter((each) => formFor(each, keys, folder).isSecret);
    expect(secret).toEqual(['libvirt', 'kernel', 'cloud-init']);
    for (const each of ['qemu', 'nspawn', 'vmspawn'] as const)
      expect(text(each)).not.toMatch(/PRIVATE|LS0tL/);
  });

  it('names files for QEMU, which reads a comma twice as one', () => {
    expect(formFor('qemu', keys, folder).words?.slice(0, 2)).toEqual([
      '-smbios',
      'type=11,path=/home/a,, b/.ssh/vmssh_guests/web/smbios-tmpfiles.extra',
    ]);
  });

  it('is quoted for the shell of Windows that reads it', () => {
    const windows = 'C:\\Users\\A B\\.ssh\\vmssh_guests\\web';
    const [cmd, powershell] = (['cmd', 'powershell'] as const).map(
      (shell) => formFor('nspawn', keys, windows, { shell }).text.split(/ (?=["']--)/)[0],
    );
    expect(cmd).toMatch(/^"--load-credential=tmpfiles\.extra:C:\\Users\\A B[^"]*"$/);
    expect(powershell).toMatch(/^'--load-credential=tmpfiles\.extra:C:\\Users\\A B[^']*'$/);
  });

  it("fits into a kernel's command line of 2048 bytes", () => {
    const login = `ssh-ed25519 ${'A'.repeat(68)} vmssh-web`;
    const real = { hostKey: 'x'.repeat(411), hostPublicKey: login, logins: [login] };
    expect(formFor('kernel', real, folder).text.length).toBeLessThan(1900);
  });

  it('is refused if it does not fit there', () => {
    const rsa = { ...keys, logins: [`ssh-rsa ${'A'.repeat(720)} me`] };
    expect(() => formFor('kernel', rsa, folder)).toThrow(
      /^this takes \d+ bytes of a kernel command line, which ends/,
    );
  });

  it.each([
    { form: 'qemu', want: `'type=11,value=io.systemd.credential.binary:ssh.listen=${listenBase64}'` },
    { form: 'nspawn', want: "'--set-credential=ssh.listen:vsock::2222\\n/run/ssh\\n'" },
    { form: 'vmspawn', want: "'--set-credential=ssh.listen:vsock::2222\\n/run/ssh\\n'" },
    { form: 'kernel', want: 'systemd.ssh_listen=vsock::2222 systemd.ssh_listen=/run/ssh' },
    { form: 'libvirt', want: `<entry>io.systemd.credential.binary:ssh.listen=${listenBase64}</entry>` },
  ] as const)('has where sshd is to listen: $form', ({ form, want }) => {
    const given = formFor(form, keys, folder, { listen: ['vsock::2222', '/run/ssh'] });
    expect(given.text.replaceAll(/(type=11,value=\S+)/g, "'$1'")).toContain(want);
    expect(given.notes.join('\n')).toMatch(
      /systemd 256 or later to listen on vsock::2222, \/run\/ssh, or before that the/,
    );
    expect(given.notes.join('\n')).not.toContain('fails');
  });

  it('says which address the guest may have twice', () => {
    const { notes } = formFor('qemu', keys, folder, { listen: ['vsock::2222', 'vsock::22'] });
    expect(notes.at(-1)).toMatch(
      /^vsock::22: if systemd makes sshd-vsock.socket in the guest too, one of the two units fails/,
    );
  });

  it('is a cloud-config with the keys as they are', () => {
    const [, block = '', hostKey = '', logins = ''] =
      /^#cloud-config\n.*\nssh_deletekeys: false\nssh_keys:\n {2}ed25519_private: \|\n((?: {4}.*\n)+) {2}ed25519_public: (.*)\nssh_authorized_keys:\n((?: {2}- .*\n)+)$/.exec(
        text('cloud-init'),
      ) ?? [];
    expect(block.replaceAll(/^ {4}/gm, '')).toBe(keys.hostKey);
    // A JSON string is a YAML string.
    expect(JSON.parse(hostKey)).toBe(`${keys.hostPublicKey}\n`);
    expect([...logins.matchAll(/- (.*)/g)].map(([, each = '']) => JSON.parse(each))).toEqual(keys.logins);
    expect(logins).not.toContain('ü');
  });

  it.skipIf(missingPrograms({ 'virt-xml-validate': 'libvirt-clients', xmllint: 'libxml2-utils' }))(
    "is valid by libvirt's own schema",
    () => {
      const domain = `<domain type='kvm'><name>web</name><memory>1</memory>${text('libvirt')}<os><type>hvm</type><smbios mode='sysinfo'/></os></domain>`;
      const file = join(dir, 'web.xml');
      writeFileSync(file, domain);
      execFileSync('virt-xml-validate', [file, 'domain'], { stdio: 'pipe' });
    },
  );

  it.skipIf(missingPrograms({ 'cloud-init': 'cloud-init' }))("is valid by cloud-init's own schema", () => {
    const file = join(dir, 'user-data');
    const check = () => {
      const { stdout, stderr } = spawnSync('cloud-init', ['schema', '--config-file', file], {
        encoding: 'utf8',
      });
      return stdout + stderr;
    };
    writeFileSync(file, text('cloud-init'));
    expect(check()).toMatch(/^Valid (schema|cloud-config)/m);
    writeFileSync(file, text('cloud-init').replace('ssh_deletekeys: false', 'ssh_deletekeys: 7'));
    expect(check()).toMatch(/ssh_deletekeys: 7 is not of type 'boolean'/);
  });
});

const asTheyAre = [
  ...['vsock::22', 'vsock:3:2222', '/run/ssh', '/run/a-b_c.d/%i', '@ssh', '22'],
  ...['127.0.0.1:2222', '[::1]:2222'],
];
const rewritten = [
  ['vsock-stream::22', 'vsock::22'],
  ['vsock-stream:3:22', 'vsock:3:22'],
  ['vsock:0x3:0x16', 'vsock:3:22'],
  ['vsock://any:22', 'vsock::22'],
  ['vsock://3:22', 'vsock:3:22'],
  ['vsock:any:22', 'vsock::22'],
  ['vsock:-1:22', 'vsock::22'],
  ['vsock-stream:4294967295:22', 'vsock::22'],
  ['vsock:local:22', 'vsock:1:22'],
  ['vsock:host:22', 'vsock:2:22'],
] as const;
const dir = useTempDir();

describe('an address for sshd', () => {
  it.each(asTheyAre)('%s', (text) => expect(parseListen(text)).toBe(text));

  it.each(rewritten)('%s is %s, which older systemd knows', (text, want) =>
    expect(parseListen(text)).toBe(want),
  );

  it.skipIf(lacks('systemd-analyze'))('is read by systemd in the form that it gets', async () => {
    const given = [...asTheyAre, ...rewritten.map(([text]) => text)].map(parseListen);
    const lines = [...given, 'vsock://any:22'].map((each) => `ListenStream=${each.replaceAll('%', '%%')}\n`);
    const socket = join(dir, 'vmssh-own.socket');
    writeFileSync(socket, `[Socket]\nAccept=yes\n${lines.join('')}`);
    writeFileSync(join(dir, 'vmssh-own@.service'), '[Service]\nExecStart=/bin/true\nStandardInput=socket\n');
    // As a user's: for the system's it makes a folder in /run, which only root can.
    const { stdout, stderr } = await run(['systemd-analyze', '--user', 'verify', '--man=no', socket]);
    const said = `${stdout}${stderr}`.split('\n').filter((line) => line.includes('vmssh-own'));
    // No systemd has the URL form.
    expect(said).toEqual([expect.stringContaining("'vsock://any:22'")]);
  });

  it.each([
    ...['', 'vsock', 'vsock:22', 'vsock://22', 'vsock://any:x:22', 'vsock:mint:22', 'vsock:-2:22'],
    ...['vsock:3:', 'vsock:3:4294967295'],
    ...['0', '65536', '022:', '::1:22', '[127.0.0.1]:22', '[::1%lo]:22:', '1.2.3:22'],
    ...['localhost:22', '[::1]'],
    ...['/', '@', 'run/ssh', '/a b', '/a"b', "/a'b", '/a\nb', '/a\\x'],
    ...['vsock::22 vsock::23', 'vsock-dgram::22'],
  ])('refuses %j', (text) => {
    expect(() => parseListen(text)).toThrow(RangeError);
    expect(() => parseListen(text)).toThrow(/^--listen takes vsock::PORT, .*, not "/);
  });
});
