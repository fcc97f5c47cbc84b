import { readFileSync, writeFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { missingAddon } from '../../helpers/addon.js';
import { printing, saying } from '../../helpers/expected.js';
import { lacks } from '../../helpers/programs.js';
import { run, vmssh } from '../../helpers/run.js';
import { useMachined, useSshd } from '../../helpers/sockets/peers.js';
import { missingTerminal } from '../../helpers/sshd.js';
import { useTempDir } from '../../helpers/temp-dir.js';

const id = '0123456789abcdef0123456789abcdef';

/** Every command that takes a machine takes it by its name, with a user, and as ssh://. */
describe.skipIf(lacks('ssh', 'sshd'))('a name', () => {
  const dir = useTempDir();
  const sshd = useSshd(dir);
  const sshAddress = `unix${sshd.path}`;
  const sshPrivateKeyPath = join(dir, 'id');
  const machine = { name: 'Web Server T7', id, class: 'vm', service: 'x', sshAddress, sshPrivateKeyPath };
  const env = { ...process.env, HOME: dir, ...useMachined([machine]).env };
  const program = (...args: string[]) => run([...vmssh, ...args], { env });

  it.each([
    { typed: 'Web Server T7', user: userInfo().username },
    { typed: 'ann@web-server-t7', user: 'ann' },
    { typed: `ssh://bob@${id}`, user: 'bob' },
  ])('$typed is checked', async ({ typed, user }) => {
    const { code, stdout } = await program('check', '--until=authentication', '--json', typed);
    const [{ target, stages }] = JSON.parse(stdout).results;
    const [first, ...rest] = stages;
    expect({ code, target }).toEqual({ code: 0, target: typed });
    expect(first).toMatchObject({
      stage: 'found',
      found: 'Web Server T7 of machined is machine/Web Server T7, running',
    });
    expect(rest.at(-1)).toMatchObject({
      stage: 'authentication',
      found: expect.stringMatching(`for ${user}$`),
    });
  });

  it('that no machine has is reported with the existing names', async () => {
    const says = 'no machine is called nope: found';
    expect(await program('check', 'nope')).toMatchObject({
      code: 4,
      stdout: expect.stringMatching(`^✗ nope: .*${says}.*"Web Server T7"`),
    });
    expect(await program('nc', 'nope')).toMatchObject({
      code: 4,
      stderr: expect.stringMatching(`${says}.*"Web Server T7"`),
    });
  });

  // Its sshd would answer for the program that was meant.
  describe.each(['web-server-t7', 'unixSOCKET', 'machine/Web Server T7'])('%s has no ports', (typed) => {
    it.each([
      { name: 'nc', args: (host: string) => ['nc', '--pipe', host, '5000'] },
      { name: 'nc --banner', args: (host: string) => ['nc', '--banner', '-p', '5000', host] },
      { name: 'check', args: (host: string) => ['check', '-p', '5000', host] },
      { name: 'check ssh://', args: (host: string) => ['check', `ssh://${host}:5000`] },
      {
        name: 'check --until=resolved',
        args: (host: string) => ['check', '--until=resolved', '-p', '5000', host],
      },
      // It looks for the addon first.
      ...(missingAddon()
        ? []
        : [{ name: 'forward', args: (host: string) => ['forward', host, '5000', '0'] }]),
    ])('so $name refuses one', async ({ args }) => {
      const host = typed.replace('SOCKET', sshd.path);
      const { code, stdout, stderr } = await program(...args(host));
      expect({ code, said: stdout + stderr }).toEqual({
        code: 2,
        said: expect.stringContaining('this socket has no ports: 5000 cannot be reached'),
      });
      expect(stdout).not.toContain('SSH-2.0');
    });

    it.each([
      { tool: 'ssh', args: ['-p', '5000'], rest: '' },
      { tool: 'scp', args: ['-P', '5000'], rest: ':x' },
      { tool: 'sftp', args: ['-P', '5000'], rest: '' },
    ])('so $tool refuses one', async ({ tool, args, rest }) => {
      const host = typed.replace('SOCKET', sshd.path) + rest;
      const { code, stderr } = await program(tool, ...args, host, ...(tool === 'scp' ? ['.'] : []));
      expect(code).not.toBe(0);
      expect(stderr).toContain('this socket has no ports: 5000 cannot be reached');
    });

    it('but 22 is its SSH server', async () => {
      const host = typed.replace('SOCKET', sshd.path);
      expect(await program('nc', '--banner', host, '22')).toMatchObject(printing(0, /^SSH-2.0-/));
    });
  });

  it('is resolved', async () => {
    const { code, stdout } = await program('check', '--json', '--until=resolved', 'root@web-server-t7');
    expect({ code, ...JSON.parse(stdout).results[0] }).toMatchObject({
      code: 0,
      parsed: { kind: 'machine', name: 'Web Server T7' },
      address: `unix:${sshd.path}`,
      steps: [
        'systemd-machined (user) knows vm "Web Server T7"',
        `it has the SSH address "unix${sshd.path}"`,
      ],
      user: 'root',
      identityFile: join(dir, 'id'),
      stages: [{ stage: 'found' }, { stage: 'parsed' }, { stage: 'resolved' }],
    });
  });

  it('answers nc with its banner', async () => {
    expect(await program('nc', '--banner', 'ssh://web-server-t7')).toMatchObject(printing(0, /^SSH-2\.0-/));
  });

  it.skipIf(missingTerminal())(
    'is what check looks at, and where it logs in with the key of the manager',
    async () => {
      // A check accepts no key.
      expect(await program(...first)).toMatchObject({ code: 0 });
      const { code, stdout } = await program('check', '-v', `${sshd.user}@web-server-t7`);
      expect(code).toBe(0);
      expect(stdout).not.toContain('✗');
      expect(stdout).toMatch(
        /^! \S+@web-server-t7: vmssh ssh logs in as .* plain ssh has no Host web-server-t7,/,
      );
      expect(stdout).toMatch(/\n {2}✓ find /);
      expect(stdout).toContain(` for ${sshd.user}\n`);
      expect(stdout).toMatch(/\ninside \S+\n/);
    },
  );

  const first = [
    'ssh',
    '-F',
    '/dev/null',
    '-q',
    '-oStrictHostKeyChecking=accept-new',
    'web-server-t7',
    'true',
  ];

  it('is forgotten with a user in front', async () => {
    const file = join(dir, '.ssh/vmssh_known_hosts');
    for (let times = 0; times < 2; times++) await program(...first);
    const alias = 'vmssh-01234567-89ab-cdef-0123-456789abcdef';
    expect(readFileSync(file, 'utf8')).toContain(alias);
    writeFileSync(file, `${readFileSync(file, 'utf8')}other ssh-ed25519 AAAA\n`);
    expect(await program('forget', 'root@web-server-t7')).toMatchObject({ code: 0 });
    expect(readFileSync(file, 'utf8')).toBe('other ssh-ed25519 AAAA\n');
  });

  it('with a port in an ssh:// form passes it to ssh', async () => {
    const { stdout } = await program('ssh', '--print-command', 'ssh://ann@web-server-t7:2222');
    expect(stdout).toMatch(/^ssh -l ann -p 2222 -o /);
  });

  it('without a kind makes the proxy say how to get there', async () => {
    expect(await program('proxy', 'mint', '22')).toMatchObject(
      saying(
        2,
        /hint: a machine by its name: .*vmssh.* ssh NAME, or .*vmssh.* config install and then ssh NAME; a target is/,
      ),
    );
  });
});
