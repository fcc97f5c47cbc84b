import { chownSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { configText } from '../../src/hosts/text.js';
import { refusalFix } from '../../src/process/refusal-fix.js';
import {
  abilitiesOf,
  everySshAbilities,
  everySshRefusesUsers,
  firstMessage,
  forwardsNothing,
  refusesUsers,
  sshAbilities,
  sshCommand,
  sshProgram,
} from '../../src/process/ssh-program.js';
import { missingRoot, otherUser } from '../helpers/other-user.js';
import { lacks } from '../helpers/programs.js';
import { run, vmssh } from '../helpers/run.js';
import { useTempDir, writeTree } from '../helpers/temp-dir.js';

// Without ssh nothing tells the user's StrictHostKeyChecking.
const noSsh = lacks('ssh');

describe('the ssh that the environment names', () => {
  it.each([
    { own: undefined, want: ['ssh'] },
    { own: ' ', want: ['ssh'] },
    { own: '/opt/own ssh', want: ['/opt/own ssh'] },
    { own: '/opt/other ssh', want: ['/opt/other', 'ssh'] },
    { own: 'ssh  -i /home/me/key', want: ['ssh', '-i', '/home/me/key'] },
    { own: './own ssh', want: ['./own', 'ssh'] },
    { own: 'C:\\own ssh.exe', platform: 'win32', want: ['C:\\own ssh.exe'] },
    { own: '"C:\\own ssh\\ssh.exe"', platform: 'win32', want: ['C:\\own ssh\\ssh.exe'] },
    { own: '"/opt/own ssh" -4 -v', want: ['/opt/own ssh', '-4', '-v'] },
    { own: 'own\\ssh -4', platform: 'win32', want: ['own\\ssh', '-4'] },
  ] as const)(
    '$own',
    ({
      own,
      platform = 'linux',
      want,
    }: {
      own?: string;
      platform?: NodeJS.Platform;
      want: readonly string[];
    }) => {
      const exists = (path: string) => path !== '/opt/other ssh';
      expect(sshProgram({ env: { VMSSH_SSH: own, HV_SSH_COMMAND: undefined }, platform }, exists)).toEqual(
        want,
      );
      expect(sshProgram({ env: { HV_SSH_COMMAND: own }, platform }, exists)).toEqual(want);
    },
  );

  const dir = useTempDir();
  it.each(['VMSSH_SSH', 'HV_SSH_COMMAND'])('%s is not a file of the current folder', async (name) => {
    mkdirSync(join(dir, 'ssh -i ', 'me'), { recursive: true });
    writeFileSync(join(dir, 'ssh -i ', 'me/key'), '', { mode: 0o755 });
    const env = { ...process.env, VMSSH_SSH: '', HV_SSH_COMMAND: '', [name]: 'ssh -i /me/key' };
    const { stdout } = await run([...vmssh, 'ssh', '--print-command', 'unix/x'], { cwd: dir, env });
    expect(stdout).toMatch(/^ssh -i \/me\/key -o /);
  });

  it.skipIf(noSsh)('forwards nothing by its own flags where nothing is to be forwarded', async () => {
    const ssh = ['ssh', '-G', '-F', 'none', '-A', '-X', '-oForwardAgent=yes', '-R', '1:h:1'];
    const { stdout } = await run(sshCommand({ ssh, settings: forwardsNothing, host: 'h' }));
    const lines = ['clearallforwardings yes', 'forwardagent no', 'forwardx11 no'];
    expect(stdout.split('\n')).toEqual(expect.arrayContaining(lines));
  });
});

const program = ['C:\\vmssh.exe'];

describe('what an ssh can do', () => {
  const abilities = (can: object) => Object.entries(can).flatMap(([name, is]) => (is ? [name] : []));

  it.each([
    { says: 'OpenSSH_for_Windows_7.7p1, LibreSSL 2.6.5', can: ['readsProfile'] },
    { says: 'OpenSSH_8.0p1, OpenSSL 1.1.1k  FIPS 25 Mar 2021', can: [] },
    { says: 'OpenSSH_for_Windows_8.1p1, LibreSSL 3.0.2', can: ['givesTyped', 'readsProfile'] },
    {
      says: 'OpenSSH_10.0p2 Debian-7, OpenSSL 3.5.0',
      can: ['givesTyped', 'forwardsPaths', 'asksForKeys', 'nullsStdin'],
    },
    {
      says: 'OpenSSH_10.6p1 Debian-1, OpenSSL 3.6.5 29 Sep 2026',
      can: ['givesTyped', 'forwardsPaths', 'warnsOfKex', 'asksForKeys', 'nullsStdin'],
    },
    { says: 'OpenSSH_8.6p1', can: ['givesTyped', 'asksForKeys'] },
    { says: 'OpenSSH_9.2p1 Debian-2', can: ['givesTyped', 'asksForKeys', 'nullsStdin'] },
    {
      says: 'No user exists for uid 54321',
      can: ['givesTyped', 'forwardsPaths', 'warnsOfKex', 'asksForKeys', 'nullsStdin'],
    },
    { says: 'another program', can: ['givesTyped', 'forwardsPaths', 'readsProfile'] },
  ])('$says', ({ says, can }) => expect(abilities(abilitiesOf(says))).toEqual(can));

  it('is that of a current one if there is none', async () => {
    expect(abilities(await sshAbilities({ PATH: '/proc/none' }))).toEqual([
      'givesTyped',
      'forwardsPaths',
      'readsProfile',
    ]);
  });
});

/** The version from which ssh knows each word that we write: 706 for 7.6, of which all else is required. */
const since: Readonly<Record<string, number>> = {
  '%n': 801,
  KnownHostsCommand: 805,
  WarnWeakCrypto: 1001,
  ...Object.fromEntries(
    [
      ...[
        'Host',
        'HostName',
        'ProxyCommand',
        'ProxyUseFdpass',
        'CanonicalizeHostname',
        'CheckHostIP',
        'HostKeyAlias',
      ],
      ...['StrictHostKeyChecking', 'UserKnownHostsFile', 'GlobalKnownHostsFile', 'HashKnownHosts'],
      ...['LogLevel', 'UpdateHostKeys', 'User', 'IdentityFile', 'VerifyHostKeyDNS'],
      ...['ServerAliveInterval', 'ServerAliveCountMax'],
    ].map((keyword) => [keyword, 706]),
  ),
};

const dir = useTempDir();
/** A folder for PATH with an ssh that is a script. */
function folder(name: string, script: string): string {
  writeTree(dir, { [`${name}/ssh`]: `#!/bin/sh\n${script}\n` });
  return join(dir, name);
}

describe('the lines that every ssh reads', () => {
  const versions = [706, 801, 804, 902, 1002, 1100];
  const folders = versions.map((each) =>
    folder(`${each}`, `echo OpenSSH_${Math.floor(each / 100)}.${each % 100}p1 >&2`),
  );
  const odd = folder('odd', "echo 'another program' >&2");
  const [, , older, , newest] = folders;

  const written = async (env: Readonly<Record<string, string>>) => {
    const options = { ...{ knownHosts: '~/k', user: 'ann', hostKeyAlias: 'x' }, identityFile: '~/i' };
    const caller = {
      ...(await everySshAbilities({ env, platform: 'linux' }, [])),
      platform: 'linux',
    } as const;
    const text = ['strict', undefined].map((hostKeys) =>
      configText({
        ...{ program: ['/opt/vmssh'], fdpass: true, hostKeys: hostKeys as 'strict' | undefined, ...caller },
        hosts: [{ host: 'mint', about: 'mint', options: { ...options, target: 'qemu/mint' } }],
      }),
    );
    const words = text.join('').matchAll(/^ *([A-Z]\w+) |(%n)/gm);
    return [...new Set([...words].map(([, keyword, token]) => keyword ?? token ?? ''))];
  };

  it.each([
    ...versions.map((version, at) => ({ version, env: { PATH: `${newest}:${folders[at]}` } })),
    { version: 804, env: { PATH: `${newest}`, VMSSH_SSH: `${older}/ssh` } },
    // Another program does not read them.
    { version: 1100, env: { PATH: `${odd}:${newest}` } },
  ])('have no word that came after $version with $env', async ({ version, env }) => {
    const words = await written(env);
    expect(words.filter((word) => since[word] === undefined)).toEqual([]);
    const known = Object.keys(since).filter((word) => (since[word] ?? 0) <= version);
    expect(words).toEqual(expect.arrayContaining(known.filter((word) => (since[word] ?? 0) > 706)));
    expect(words.filter((word) => !known.includes(word))).toEqual([]);
  });

  it.skipIf(missingRoot("another user's program"))(
    "leave out another user's ssh that PATH does not name",
    async () => {
      const { uid = 0 } = otherUser;
      const theirs = folder('theirs', 'echo OpenSSH_7.6p1 >&2');
      const can = (PATH: string) => everySshAbilities({ env: { PATH }, platform: 'linux' }, [theirs]);
      expect((await can(`${newest}`)).asksForKeys).toBe(false);
      chownSync(join(theirs, 'ssh'), uid, uid);
      expect((await can(`${newest}`)).asksForKeys).toBe(true);
      expect((await can(`${newest}:${theirs}`)).asksForKeys).toBe(false);
      chownSync(join(theirs, 'ssh'), 0, 0);
      chownSync(theirs, uid, uid);
      expect((await can(`${newest}`)).asksForKeys).toBe(true);
    },
  );

  it('have all words for one that has them all', async () => {
    const text = configText({
      ...{ program: ['/v'], fdpass: true, platform: 'linux', hosts: [] },
      ...abilitiesOf('OpenSSH_11.0'),
    });
    expect(text).toMatch(/%n.*KnownHostsCommand.*WarnWeakCrypto/s);
  });
});

describe('whether an ssh refuses a user who would be more than a word in a shell', () => {
  const refuses = folder(
    'refuses',
    `case "$*" in -V) echo OpenSSH_9.6 >&2 ;; *"-l a'b "*) echo 'remote username contains invalid characters' >&2; exit 255 ;; esac`,
  );
  const takes = folder('takes', `case "$1" in -V) echo OpenSSH_9.0 >&2 ;; *) echo "user a'b" ;; esac`);
  const fails = folder('fails', 'echo "no such option" >&2; exit 255');

  it.each([
    { name: 'one that says so', PATH: refuses, want: true },
    { name: 'one that takes it', PATH: takes, want: false },
    { name: 'one that does not know these options', PATH: fails, want: false },
    { name: 'none', PATH: '/proc/none', want: false },
  ])('$name: $want', async ({ PATH, want }) => {
    expect(await refusesUsers({ PATH })).toBe(want);
  });

  it.each([
    { name: 'another one behind it', PATH: `${refuses}:${takes}` },
    { name: 'another one that is chosen', PATH: refuses, VMSSH_SSH: `${takes}/ssh` },
  ])('not all of them: $name', async ({ PATH, VMSSH_SSH }) => {
    expect(await everySshRefusesUsers({ env: { PATH, VMSSH_SSH }, platform: 'linux' })).toBe(false);
  });

  it('all of them, or none is there', async () => {
    expect(await everySshRefusesUsers({ env: { PATH: refuses }, platform: 'linux' }, [])).toBe(true);
    expect(await everySshRefusesUsers({ env: {}, platform: 'linux' }, [])).toBe(false);
  });
});

describe('the lines for an ssh before 8.1', () => {
  it.each([
    { platform: 'win32', want: 'ProxyCommand "C:/vmssh.exe" proxy "%h" %p\n' },
    { platform: 'linux', want: "proxy '%h' %p\n" },
  ] as const)('have no %n on $platform, which is fatal there', ({ platform, want }) => {
    const text = configText({ program, fdpass: false, platform, givesTyped: false });
    expect(text).toContain(want);
    expect(text).not.toContain('%n');
  });
});

it("ssh's first message is not what the loader says of a library that is gone", () => {
  const gone =
    "ERROR: ld.so: object '/gone.so' from LD_PRELOAD cannot be preloaded (cannot open shared object file): ignored.";
  expect(firstMessage(`${gone}\nOpenSSH_9.2p1\n/a line 1: Bad\n`)).toBe('/a line 1: Bad');
  expect(abilitiesOf(`${gone}\nOpenSSH_8.4p1\n`).asksForKeys).toBe(false);
  const other = 'ssh: symbol lookup error: ssh: undefined symbol: EVP_x, version OPENSSL_3.0.0';
  const warns = 'ssh: /conda/libcrypto.so.3: no version information available (required by ssh)';
  expect(firstMessage(`${warns}\n${other}\n`)).toBe(other);
  expect(refusalFix(`${warns}\n${other}\n`)).toMatch(/^unset LD_LIBRARY_PATH/);
});

it('an ssh of root in a user namespace that lets it set no groups starts no KnownHostsCommand', () => {
  const asks = (setgroups: string) => abilitiesOf('OpenSSH_9.2p1', setgroups).asksForKeys;
  expect(['deny\n', 'allow\n', ''].map(asks)).toEqual([false, true, true]);
});
