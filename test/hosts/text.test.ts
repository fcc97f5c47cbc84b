import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { concreteHosts } from '../../src/hosts/hosts.js';
import { type ConfigTextOptions, configText, hostLines, hostName } from '../../src/hosts/text.js';
import type { ListedMachine } from '../../src/sources/merge.js';
import { lacks } from '../helpers/programs.js';
import { writeTree } from '../helpers/temp-dir.js';

const noSsh = lacks('ssh');

const hosts = [
  ...['.host', ...['machine/.host', 'machine%.host'], ...['unix/run/X.sock', 'unix%run%X.sock']],
  ...[...['vsock/3', 'vsock%3'], ...['vsock-mux/run/v.sock', 'vsock-mux%run%v.sock']],
  ...[...['machine/Web', 'machine%Web'], ...['container/Web', 'container%Web']],
  ...['qemu/Web', 'qemu%Web', 'qemu:session/Web', 'qemu:system/Web', 'lima%Web'],
];

const machine = (name: string, target: string, provider = 'x', more = {}): ListedMachine => ({
  ...{ name, target, provider, status: 'running', also: [], ...more },
});
/** The Hosts of these machines. */
const hostsOf = (machines: readonly ListedMachine[]) =>
  concreteHosts(machines, { prefix: '', taken: () => undefined, knownHosts: '~/known' }).hosts;

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'vmssh-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** Runs ssh with the lines as its whole configuration. */
function ssh({ users = '', ...options }: ConfigTextOptions & { users?: string }, ...args: string[]) {
  const file = join(folder, 'config');
  writeFileSync(file, configText(options) + users, { mode: 0o600 });
  return spawnSync('ssh', ['-F', file, ...args], {
    encoding: 'utf8',
    timeout: 20_000,
    env: { ...process.env, SHELL: '/bin/sh', SSH_ASKPASS_REQUIRE: 'never' },
  });
}

/** What ssh makes of a host by these lines, and the user's below them: its options by their names in lower case. */
function effective(options: ConfigTextOptions, host: string, users = ''): Readonly<Record<string, string>> {
  const { stdout, stderr, status } = ssh({ ...options, users }, '-T', '-G', host);
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  return Object.fromEntries(stdout.split('\n').map((line) => line.split(/ (.*)/s).slice(0, 2)));
}

describe.skipIf(noSsh)('the lines, as ssh reads them', () => {
  const program = ['/opt/vmssh'];

  it.each(['vsock:3', 'unix:/run/x', 'qemu:web', 'machine:web'])('leave %s to vmssh itself', (host) =>
    expect(effective({ program, fdpass: true }, host).proxycommand).toBeUndefined(),
  );

  it.each(hosts)('lead %s to the proxy', (host) => {
    const { proxycommand, proxyusefdpass, ...rest } = effective({ program, fdpass: true }, host);
    expect(proxycommand).toBe("/opt/vmssh proxy --fdpass --typed '%n' '%h' %p");
    expect(proxyusefdpass).toBe('yes');
    expect(rest).toMatchObject({
      ...{
        checkhostip: 'no',
        stricthostkeychecking: 'ask',
        verifyhostkeydns: expect.stringMatching(/no|false/),
      },
      userknownhostsfile: expect.stringMatching(/\/\.ssh\/vmssh_known_hosts$/),
    });
  });

  it.each(hosts)("keep the name %s from the user's own HostName for all hosts", (host) => {
    const all = 'Host !*.* *\n    HostName %h.corp.example.com\nMatch final\n    HostName %h.example.com\n';
    const { hostname } = effective({ program, fdpass: true }, host, all);
    expect(hostname?.toLowerCase()).toBe(host.toLowerCase());
  });

  it.each(hosts)(
    'have ssh do with the unknown key of %s what the user told it, or a setting of the Hosts',
    (host) => {
      const word = (more: object, main?: string) =>
        effective({ program, fdpass: true, ...more }, host, main).stricthostkeychecking;
      expect(word({}, 'Host *\nStrictHostKeyChecking accept-new\n')).toBe('accept-new');
      const settings = [['StrictHostKeyChecking', 'yes']] as const;
      expect(word({ settings }, 'Host *\nStrictHostKeyChecking accept-new\n')).toMatch(/^(yes|true)$/);
    },
  );

  it('have ssh take any key of what is new at each boot, keep none, and give it nothing', () => {
    const throwaway = ['vsock/*', 'vsock%*'];
    const asks = {
      asksForKeys: true,
      platform: 'linux',
      keysFile: '/home/x/.ssh/vmssh_known_hosts',
    } as const;
    const given = { program, fdpass: true, ...asks, throwaway };
    const main = 'Host *\nForwardAgent yes\nStrictHostKeyChecking yes\n';
    const any = {
      stricthostkeychecking: expect.stringMatching(/^(no|false)$/),
      userknownhostsfile: '/dev/null',
    };
    for (const host of ['vsock/3', 'vsock%3']) {
      const settings = effective(given, host, main);
      expect(settings).toMatchObject({ ...any, forwardagent: 'no' });
      expect(settings.knownhostscommand).toContain(
        ' host-key --file=/home/x/.ssh/vmssh_known_hosts --throwaway ',
      );
    }
    expect(effective(given, 'unix/run/x', main)).toMatchObject({
      forwardagent: 'yes',
      stricthostkeychecking: expect.stringMatching(/^(yes|true)$/),
    });
  });

  it.each(hosts)('lead %s to the relay if there is no addon', (host) => {
    const { proxycommand, proxyusefdpass } = effective({ program, fdpass: false }, host);
    expect(proxycommand).toBe("/opt/vmssh proxy --typed '%n' '%h' %p");
    expect(proxyusefdpass).toBe('no');
  });

  it('lead to a machine by its name and by that in lower case, and by no longer or shorter one', () => {
    const made = hostsOf([machine('Web 1', 'machine/Web 1', 'machined')]);
    const led = ['Web-1', 'web-1', 'web-10', 'Web-10', 'web-', 'WEB-1'].filter(
      (host) => effective({ program, fdpass: true, hosts: made }, host).proxycommand !== undefined,
    );
    expect(led).toEqual(['Web-1', 'web-1']);
  });

  it.each(['mint', 'vsock/3'])('have ssh take %s as it is, whatever domains it looks in', (host) => {
    const options = { knownHosts: '~/x', target: 'qemu/mint' };
    const given = { program, fdpass: true, hosts: [{ host: 'mint', about: 'mint', options }] };
    const domains = [
      'CanonicalizeHostname always',
      'CanonicalDomains a.invalid',
      'CanonicalizeFallbackLocal no',
    ];
    expect(effective(given, host, `Host *\n${domains.join('\n')}\n`)).toMatchObject({
      hostname: host,
      proxycommand: expect.stringContaining('/opt/vmssh proxy'),
    });
  });

  it('make each spelling of a machine that a list prints the same login', () => {
    const uuid = '11111111-2222-4333-8444-555555555555';
    const all = [
      machine('Dev', 'lima/Dev', 'lima', { also: ['qemu/lima-dev'], user: 'ann', uuid }),
      machine('web', 'machine/web', 'machined', { also: ['container/web'], uuid }),
      machine('fc', 'firecracker/fc', 'firecracker', { user: 'root' }),
    ].map((each) => ({ ...each, identityFile: '/k/key' }));
    const made = hostsOf(all);
    for (const asksForKeys of [true, false])
      for (const { name, target, also } of all) {
        const login = (typed: string) => {
          const options = { program, fdpass: true, hosts: made, asksForKeys };
          const { user, identityfile, hostkeyalias } = effective(options, typed);
          return { user, identityfile, hostkeyalias };
        };
        const spelled = [
          name.toLowerCase(),
          ...[target, ...also].flatMap((each) => [each, each.replace('/', '%')]),
        ];
        const logins = spelled.map(login);
        expect(logins).toEqual(spelled.map(() => login(name)));
        expect(logins[0]?.identityfile).toBe('/k/key');
      }
  });

  it.each(['linux', 'win32'] as const)(
    'have the proxy asked for what is typed, and for the name only by the short name, on %s',
    (platform) => {
      const ids = ['1', '2'].map((digit) => `${digit.repeat(8)}-2222-4333-8444-555555555555`);
      const made = hostsOf([
        machine('Web', 'machine/Web', 'machined', { also: ['qemu/Web'], uuid: ids[0] }),
        machine('Mint', 'hyper-v/Mint', 'hyper-v', { uuid: ids[1] }),
        machine('db', 'via/hv1/qemu/db', 'libvirt', { via: 'hv1', uuid: ids[0] }),
      ]);
      for (const givesTyped of [true, false])
        for (const { host, names = [], options } of made)
          for (const typed of [host, ...names]) {
            const given = { program, fdpass: true, platform, givesTyped, hosts: made };
            const { proxycommand = '' } = effective(given, typed);
            const isShort = typed.toLowerCase() === host.toLowerCase();
            const own = givesTyped ? `--typed %n %h` : '%h';
            const asked = isShort ? options.target : typed === ids[1] ? `hyper-v/${typed}` : own;
            expect([typed, proxycommand.replaceAll(/['"]/g, '')]).toEqual([
              typed,
              `/opt/vmssh proxy --fdpass ${asked} %p`,
            ]);
          }
    },
  );

  it.each(['example.com', 'host', 'vsock', 'unix.example', 'machine.example', 'vsocks/3'])(
    'do not match %s',
    (host) => {
      const { proxycommand, proxyusefdpass, checkhostip } = effective({ program, fdpass: true }, host);
      expect(proxycommand).toBeUndefined();
      expect({ proxyusefdpass, checkhostip }).toEqual({ proxyusefdpass: 'no', checkhostip: 'no' });
    },
  );
});

describe.skipIf(noSsh)("the program's path, as ssh runs it", () => {
  it.each([
    ...['vmssh', 'my programs/vm ssh', "it's", "a''b", 'a"b"', '100%/%h%%n', '`id`', 'a\\b', 'a\\'],
    // biome-ignore lint/suspicious/noTemplateCurlyInString: it is a shell that must not take this for a variable
    '$HOME${PATH}$(touch x)',
    ...[`\\'a\\"b'\\\\"`, 'a;b&c|d<e>f(g)h', '*?[a]{b,c}~!#', 'Programme für ssh/日本 🐧'],
  ])('as %j', (path) => {
    const program = fakeProgram(join(folder, path));
    const { status } = ssh({ program: [program], fdpass: false }, 'vsock/3', 'true');
    expect(status).toBe(255);
    expect(argv()).toEqual(['proxy', '--typed', 'vsock/3', 'vsock/3', '22']);
  });

  it('with an interpreter in front', () => {
    const script = fakeProgram(join(folder, "it's my script"));
    ssh({ program: ['/bin/sh', script], fdpass: true }, '-p', '2222', 'machine/Web', 'true');
    expect(argv()).toEqual(['proxy', '--fdpass', '--typed', 'machine/Web', 'machine/web', '2222']);
  });

  it.each([
    { host: 'unix/run/Foo/Bar.sock', want: ['unix/run/Foo/Bar.sock', 'unix/run/foo/bar.sock'] },
    { host: 'unix%run%Foo.sock', want: ['unix%run%Foo.sock', 'unix%run%Foo.sock'] },
    { host: 'qemu:session/Web', want: ['qemu:session/Web', 'qemu:session/Web'] },
    { host: 'machine/a*b?c!#~', want: ['machine/a*b?c!#~', 'machine/a*b?c!#~'] },
  ])('gets $host as it was typed', ({ host, want }) => {
    const program = fakeProgram(join(folder, 'vmssh'));
    ssh({ program: [program], fdpass: false }, host, 'true');
    expect(argv()).toEqual(['proxy', '--typed', ...want, '22']);
  });

  /** A program that notes its arguments, one a line, and fails. */
  function fakeProgram(path: string): string {
    writeTree('/', { [path]: `#!/bin/sh\nprintf '%s\\n' "$@" >'${folder}/argv'\nexit 1\n` });
    return path;
  }

  function argv(): readonly string[] {
    const file = join(folder, 'argv');
    return existsSync(file) ? readFileSync(file, 'utf8').trimEnd().split('\n') : [];
  }
});

describe('configText', () => {
  it('begins with .host', () => {
    expect(configText({ program: ['/v'], fdpass: true })).toMatch(/^Host \.host machine\/\.host /m);
  });

  it('ends with a line feed, so that it can be appended', () => {
    expect(configText({ program: ['/v'], fdpass: true })).toMatch(/[^\n]\n$/);
  });

  it('has ssh 10.1 and later not warn of a key exchange with machines that no network leads to', () => {
    const all = [
      machine('mint', 'qemu/mint'),
      machine('far', 'multipass/far'),
      machine('gate', 'via/hv/qemu/x'),
    ];
    const given = { program: ['/v'], fdpass: true, hosts: hostsOf(all) };
    const text = configText({ ...given, warnsOfKex: true });
    const [, patterns = ''] = /Host (.*)\n {4}WarnWeakCrypto no-pq-kex\n$/.exec(text) ?? [];
    expect(patterns.split(' ')).toEqual(
      expect.arrayContaining('machine/* machine%* hyper-v/* wsl/* qemu/* qemu:session/* mint'.split(' ')),
    );
    expect(patterns).not.toMatch(/via|lima|multipass|incus|podman|far|gate|vsock|unix/);
    expect(configText(given)).not.toContain('WarnWeakCrypto');
    expect(text.startsWith(configText(given))).toBe(true);
  });

  it.each(['/a\nProxyCommand evil', '/a\rb', '/a\tb', '/a\x7f', '/a\u0085b'])('refuses %j', (path) => {
    expect(() => configText({ program: [path], fdpass: true })).toThrow(RangeError);
    expect(() => configText({ program: ['/bin/sh', path], fdpass: true })).toThrow(/^\P{Cc}*$/u);
  });
});

describe('lines for ssh_config', () => {
  it('have target and port in the ProxyCommand, for any port', () => {
    const options = { name: 'm-vsock', port: 70000, user: 'ann', program: ['/v'], knownHosts: '~/hosts' };
    const lines = hostLines({ ...options, target: 'vsock-mux%Run%x', hostKeyAlias: undefined });
    expect(lines).toBe(`Host m-vsock
    ProxyCommand /v proxy vsock-mux%%Run%%x 70000
    ProxyUseFdpass no
    CanonicalizeHostname no
    CheckHostIP no
    User ann
    HostKeyAlias m-vsock
    UserKnownHostsFile ~/hosts
    GlobalKnownHostsFile /dev/null
    HashKnownHosts no
    UpdateHostKeys no
    VerifyHostKeyDNS no
`);
    expect(hostLines({ ...options, target: 'machine/m', hostKeyAlias: 'vmssh-machine%m' })).toContain(
      '    HostKeyAlias vmssh-machine%m\n',
    );
  });
  it.each([
    { text: 'web', name: 'web-vsock' },
    { text: 'vsock-mux/run/*.sock', name: 'vsock-mux-run-.sock-vsock' },
    { text: 'größe', name: 'größe-vsock' },
    { text: '!?', name: 'guest-vsock' },
  ])('$text', ({ text, name }) => expect(hostName(text)).toBe(name));
});

it('the targets of a machine into which an sshd is brought stand above the patterns, which bring none', () => {
  const options = { target: 'incus/web', knownHosts: '~/x', bring: true };
  const text = configText({
    ...{ program: ['/opt/vmssh'], fdpass: true, platform: 'linux', asksForKeys: true, refusesUsers: true },
    hosts: [{ host: 'web', names: ['incus/web', 'incus%web'], about: 'one', options }],
  });
  const blocks = text.split(/^(?=Host )/m).slice(1);
  expect(blocks.map((each) => [each.split(/[ \n]/)[1], / --bring-sshd /.test(each)])).toEqual([
    ['incus/web', true],
    ['.host', false],
    ['web', true],
  ]);
  expect(blocks[0]).toMatch(/^Host incus\/web incus%web\n/);
});

it.each([
  { name: 'an ssh that asks vmssh for keys', asks: {}, want: ['ssh-user docker/web', 'login docker/own'] },
  { name: 'the Host that vmssh setup made so', asks: { bring: false }, want: ['login docker/own'] },
  { name: 'no older one, which would keep its key', asks: { asksForKeys: false }, want: [] },
  { name: 'none that gives a shell any user', asks: { refusesUsers: false }, want: [] },
])('an sshd is brought for $name, into machines of this host', ({ asks, want }) => {
  const text = configText({
    ...{ program: ['/opt/vmssh'], fdpass: true, platform: 'linux', bring: true },
    ...{ asksForKeys: true, refusesUsers: true, ...asks },
    hosts: [
      { target: 'docker/web' },
      { target: 'docker/own', user: 'ann', bring: true },
      { target: 'via/hv1/docker/web', bring: true },
    ].map((options, at) => ({
      host: `web${at}`,
      about: 'one',
      options: { knownHosts: '~/x', ...options },
    })),
  });
  const brings = [...text.matchAll(/proxy.* --bring-sshd --record --(\S+) '%r' (\S+) %p/g)];
  expect(brings.map(([, user, target]) => `${user} ${target}`)).toEqual(want);
});
