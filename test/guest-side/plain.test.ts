import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { ConnectError } from '../../src/errors.js';
import { diagnose, type Signs } from '../../src/guest/diagnose.js';
import { failures } from '../../src/guest/failures.js';
import { hostLines, hostName } from '../../src/guest/host-lines.js';
import { readKeys } from '../../src/guest/keys.js';
import { cidOf, parseProgress } from '../../src/guest/progress.js';
import { cidsOf, sharedCids } from '../../src/guest/shared-cids.js';
import { suspects } from '../../src/guest/symptoms.js';
import { layouts, unitFiles } from '../../src/guest/units.js';
import { wayInto, wayOf } from '../../src/guest/ways.js';

describe('units', () => {
  it('are those of the seed, for port 22 on Debian', () => {
    const [socket, service] = unitFiles(22, layouts.debian);
    expect([socket.name, service.name]).toEqual(['sshd-vsock.socket', 'sshd-vsock@.service']);
    expect(socket.text).toContain('[Socket]\nListenStream=vsock::22\nAccept=yes\n');
    expect(socket.text).toContain('[Install]\nWantedBy=sockets.target\n');
    for (const line of [
      'RuntimeDirectory=sshd',
      'RuntimeDirectoryPreserve=yes',
      'ExecStart=-/usr/sbin/sshd -i',
      'StandardInput=socket',
    ]) {
      expect(service.text.split('\n')).toContain(line);
    }
  });

  it('have names and an address of their own for another port', () => {
    const [socket, service] = unitFiles(4294967294, layouts.arch);
    expect([socket.name, service.name]).toEqual([
      'sshd-vsock-4294967294.socket',
      'sshd-vsock-4294967294@.service',
    ]);
    expect(socket.text).toContain('ListenStream=vsock::4294967294\n');
    expect(service.text).toContain('ExecStart=-/usr/bin/sshd -i\n');
    expect(service.text).toContain('Wants=sshdgenkeys.service\nAfter=sshdgenkeys.service\n');
    expect(service.text).not.toContain('RuntimeDirectory');
  });

  it.each(Object.entries(layouts))('never have the URL form: %s', (_, layout) => {
    expect(unitFiles(22, layout)[0].text).not.toContain('://');
  });
});

describe('lines of a script', () => {
  it.each([
    {
      line: 'ok       transport     virtio; the CID is 61',
      want: { state: 'ok', step: 'transport', words: 'virtio; the CID is 61' },
    },
    { line: 'end      0             done\r', want: { state: 'end', step: '0', words: 'done' } },
    {
      line: 'cure     privsep       mkdir /run/sshd',
      want: { state: 'cure', step: 'privsep', words: 'mkdir /run/sshd' },
    },
    { line: 'Last login: today', want: undefined },
    { line: 'ok', want: undefined },
    { line: '', want: undefined },
  ])('$line', ({ line, want }) => expect(parseProgress(line)).toEqual(want));

  it.each([
    { words: 'x; the CID is 61', cid: 61 },
    { words: 'x; the CID reads as "any"', cid: undefined },
    { words: 'x; the CID is 1', cid: undefined },
    { words: 'the CID is 61 or so', cid: undefined },
  ])('the CID of "$words"', ({ words, cid }) => expect(cidOf([{ state: 'ok', step: 's', words }])).toBe(cid));
});

describe('ways', () => {
  it.each([
    { host: 'web', way: 'ssh' },
    { host: 'ann@192.0.2.7', way: 'ssh' },
    { host: 'vsock/3', way: 'target' },
    { host: 'root@unix/run/a@b', way: 'target' },
    { host: 'unix/run/a@b', way: 'target' },
    { host: 'wsl/Ubuntu', way: 'wsl' },
  ])('$host', ({ host, way }) => expect(wayOf(host)).toBe(way));

  const common = { script: 'S', needsRoot: true, self: ['/opt/vm ssh'], platform: 'linux' } as const;
  it('start what carries the script', () => {
    const ssh = wayInto({ ...common, way: 'ssh', host: 'web', sshConfig: '/c' });
    expect(ssh.command.slice(0, 6)).toEqual(['ssh', '-F', '/c', '-o', 'LogLevel=ERROR', 'web']);
    expect([ssh.command.at(-1), ssh.input]).toEqual([expect.stringContaining('sudo -n sh -s'), 'S']);
    const target = wayInto({ ...common, way: 'target', host: 'root@vsock/3', port: 70000 });
    expect(target.command).toContain("ProxyCommand='/opt/vm ssh' proxy vsock/3 70000");
    expect(wayInto({ ...common, way: 'wsl', host: 'wsl/Ubuntu 24' })).toMatchObject({
      command: ['wsl.exe', '-d', 'Ubuntu 24', '-u', 'root', '--', 'sh', '-s'],
      input: 'S',
    });
    expect(wayInto({ ...common, way: 'machinectl', host: 'machine/web' })).toMatchObject({
      command: ['machinectl', '--quiet', 'shell', 'root@web', '/bin/sh', '-c', 'S'],
      input: undefined,
    });
  });

  it('take a target that ssh takes for no host, and the key of its manager', () => {
    const host = 'ann@machine/Web Server: 100%';
    const { command } = wayInto({ ...common, way: 'target', host, port: 22, identityFile: '/k e%y' });
    expect(command).toContain("ProxyCommand='/opt/vm ssh' proxy 'machine/Web Server: 100%%' 22");
    expect(command).toContain('IdentityFile="/k e%%y"');
    expect(command.at(-2)).toBe('ann@machine/Web-Server-100%');
  });
});

describe('lines for ssh_config', () => {
  it('have target and port in the ProxyCommand, for any port', () => {
    const word = (text: string) => text.replaceAll('%', '%%');
    const lines = hostLines({
      name: 'm-vsock',
      target: 'vsock-mux%Run%x',
      port: 70000,
      user: 'ann',
      word,
      self: ['/v'],
    });
    expect(lines).toBe(`Host m-vsock
    User ann
    ProxyCommand /v proxy vsock-mux%%Run%%x 70000
    ProxyUseFdpass no
    HostKeyAlias m-vsock
    StrictHostKeyChecking accept-new
    CheckHostIP no
`);
  });
  it.each([
    { text: 'web', name: 'web-vsock' },
    { text: 'vsock-mux/run/*.sock', name: 'vsock-mux-run-.sock-vsock' },
    { text: '!?', name: 'guest-vsock' },
  ])('$text', ({ text, name }) => expect(hostName(text)).toBe(name));
});

describe('13: CIDs of running machines', () => {
  it.each([
    {
      name: 'QEMU',
      args: [
        '/usr/bin/qemu-system-x86_64',
        '-name',
        'guest=web,debug-threads=on',
        '-device',
        'vhost-vsock-pci,id=v,guest-cid=3',
      ],
      want: [[3, 'qemu-system-x86_64 web']],
    },
    {
      name: 'QEMU by libvirt',
      args: ['qemu', '-device', '{"driver":"vhost-vsock-pci","id":"vsock0","guest-cid":4,"vhostfd":"3"}'],
      want: [[4, 'qemu']],
    },
    { name: 'crosvm', args: ['crosvm', 'run', '--vsock', 'cid=5'], want: [[5, 'crosvm']] },
    {
      name: 'a device in user space, whose CIDs are its own',
      args: ['qemu', '-device', 'vhost-user-vsock-pci,chardev=c'],
      want: [],
    },
    { name: 'somebody who talks about it', args: ['grep', 'guest-cid=3'], want: [] },
  ])('$name', ({ args, want }) => {
    expect(cidsOf(1, args).map(({ cid, words }) => [cid, words])).toEqual(want);
  });
  it('are shared where two have one', () => {
    const user = (pid: number, cid: number) => ({ pid, cid, words: 'qemu' });
    expect([...sharedCids([user(1, 3), user(2, 4), user(5, 3)])]).toEqual([[3, [user(1, 3), user(5, 3)]]]);
  });
});

describe('diagnosis from outside', () => {
  const calm: Signs = { error: undefined, handshakeMs: 500, login: undefined, cidUsers: [] };
  const error = (op: 'connect' | 'handshake', code: string, problem = 'x') =>
    new ConnectError(op, 'vsock/3', { code, problem });

  it.each([
    { name: 'nobody listens', e: error('connect', 'ECONNRESET'), first: 'listening', has: 'masked' },
    { name: 'a multiplexer closes', e: error('connect', 'EOF'), first: 'listening', has: 'no-sshd' },
    { name: 'no such CID', e: error('connect', 'ENODEV'), first: 'transport', has: 'transport' },
    {
      name: 'silence',
      e: error('handshake', 'NO_BANNER', 'connected, but no SSH banner came in 2 s'),
      first: 'accept',
      has: 'accept',
    },
    {
      name: 'closed at once',
      e: error('handshake', 'NO_BANNER', 'the connection was closed before a banner came'),
      first: 'privsep',
      has: 'host-keys',
    },
  ])('$name', ({ e, first, has }) => {
    expect(suspects(e)[0]).toBe(first);
    expect(suspects(e)).toContain(has);
    expect(diagnose({ ...calm, error: e })).toMatchObject({ certain: false });
  });

  it('has no suspects where the error says it all', () => {
    expect(suspects(error('connect', 'EACCES'))).toEqual([]);
    expect(diagnose({ ...calm, error: error('connect', 'EACCES') }).certain).toBe(true);
  });

  it.each([
    {
      name: '11: a refusal',
      login: { in: false, ms: 900, words: 'root@x: Permission denied (publickey).', user: 'root' },
      state: 'failed',
      step: 'login',
    },
    {
      name: '4: a slow login',
      login: { in: true, ms: 10_900, words: '', user: 'root' },
      state: 'failed',
      step: 'unknown',
    },
    {
      name: 'a quick login',
      login: { in: true, ms: 1900, words: '', user: 'root' },
      state: 'ok',
      step: 'login',
    },
    {
      name: 'a login that broke',
      login: { in: false, ms: 900, words: 'Connection reset', user: 'root' },
      state: 'failed',
      step: 'login',
    },
  ])('$name', ({ login, state, step }) => {
    expect(diagnose({ ...calm, login }).findings).toMatchObject([{ state, name: step }]);
  });

  it('12 and 13 are certain', () => {
    const service = { registered: false, port: 2222 };
    const seen = diagnose({ ...calm, error: error('connect', 'ETIMEDOUT'), service });
    expect(seen).toMatchObject({
      certain: true,
      findings: [{ name: 'service-guid', cure: expect.stringContaining('vmssh service register 2222') }, {}],
    });
    const users = [1, 2].map((pid) => ({ pid, cid: 3, words: 'qemu' }));
    expect(diagnose({ ...calm, cidUsers: users }).findings).toMatchObject([
      { name: 'cid-twice', state: 'failed' },
    ]);
  });

  it('has a row in docs/guest.md for each failure', () => {
    const docs = readFileSync(new URL('../../docs/guest.md', import.meta.url), 'utf8');
    for (const [name, { number }] of Object.entries(failures)) {
      expect(docs).toContain(number > 0 ? `| ${number} | \`${name}\` |` : `\`${name}\``);
    }
  });

  it('has a number for each failure, once', () => {
    const numbers = Object.values(failures)
      .map(({ number }) => number)
      .filter((number) => number > 0);
    expect(numbers.sort((a, b) => a - b)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13]);
  });
});

describe('a key file', () => {
  const key = `ssh-ed25519 ${'A'.repeat(68)} me`;
  it.each([
    { name: 'one key', text: `${key}\n`, want: [key] },
    {
      name: 'two keys with Windows ends and a remark',
      text: `# mine\r\n${key}\r\nrestrict ${key}\r\n`,
      want: [key, `restrict ${key}`],
    },
  ])('$name', ({ text, want }) => expect(readKeys('k', () => text)).toEqual(want));
  it.each([
    {
      name: 'a private key',
      text: '-----BEGIN OPENSSH PRIVATE KEY-----\nsecret\n',
      says: /is a private key: give the public one/,
    },
    { name: 'nothing', text: '\n', says: /holds no public keys/ },
    { name: 'something else', text: 'hello\n', says: /holds no public keys/ },
    { name: 'a key with control characters', text: `${key}\u001b[2J\n`, says: /holds no public keys/ },
  ])('refuses $name', ({ text, says }) => {
    expect(() => readKeys('k', () => text)).toThrow(says);
    expect(() => readKeys('k', () => text)).not.toThrow(/secret/);
  });
  it('says which file cannot be read', () =>
    expect(() => readKeys('/nowhere/k')).toThrow(/"\/nowhere\/k" cannot be read/));
});
