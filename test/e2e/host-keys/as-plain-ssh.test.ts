import { mkdirSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { missingOwnHome, ownHome } from '../../helpers/own-home.js';
import { lacks } from '../../helpers/programs.js';
import { type Outcome, run, vmssh } from '../../helpers/run.js';
import { useMachined, useSshd } from '../../helpers/sockets/peers.js';
import { useTempDir } from '../../helpers/temp-dir.js';
import { onTerminal } from '../../helpers/terminal.js';
import { property } from '../../property/property.js';

const missing = lacks('ssh', 'sshd', 'socat', 'script', 'git') ?? missingOwnHome();
/** VMSSH_TEST_SSH=/path/to/ssh tries another version. */
const ssh = process.env.VMSSH_TEST_SSH ?? 'ssh';
const name = 'web-p1';
const id = '11111111-2222-4333-8444-555555555555';
const { username } = userInfo();

const values = fc.constantFrom('yes', 'ask', 'accept-new', 'no');

/** Who a line of the user's is for. The words of `Match exec` see what only the login itself has. */
const criteria = fc.constantFrom(
  ...[
    'Host *',
    `Host ${name}`,
    'Host other',
    'Match all',
    'Match canonical',
    'Match final',
    'Match user toor',
  ],
  ...[`Match user ${username}`, `Match originalhost ${name}`, 'Match localuser nobody'],
  ...[
    'test -t 2',
    'test -t 0',
    ': 2>/dev/null </dev/tty',
    'tr "\\0" " " </proc/$PPID/cmdline | grep -q sftp',
    'grep -qE "scp|git|script" /proc/$(cut -d" " -f4 /proc/$PPID/stat)/cmdline',
    'test -n "$SOME_VARIABLE"',
  ].map((command) => `Match exec "${command.replaceAll('"', '\\"')}"`),
);
const own = fc.tuple(criteria, values).map(([who, value]) => `${who}\n    StrictHostKeyChecking ${value}\n`);

/** What is typed before the name. */
const typed = fc.oneof(
  { weight: 3, arbitrary: fc.constant<readonly string[]>([]) },
  values.map((value) => [`-oStrictHostKeyChecking=${value}`]),
  values.map((value) => ['-o', `stricthostkeychecking ${value}`]),
  fc.constantFrom(
    ...[['-oBatchMode=yes'], ['-oCanonicalizeHostname=always'], ['-oHashKnownHosts=yes']],
    ...[['-oUserKnownHostsFile=/dev/null'], ['-oUpdateHostKeys=yes'], ['-oVisualHostKey=yes']],
  ),
);

interface Login {
  readonly tool: 'ssh' | 'scp' | 'git' | 'service' | 'master';
  /** What is answered on its terminal; undefined: it has none. */
  readonly answer: string | undefined;
  readonly typed: readonly string[];
  readonly user: readonly string[];
  /** The file that it is given, besides the user's own. */
  readonly from: 'own' | 'file' | 'stdin' | 'link';
  readonly as: string;
}

const login: fc.Arbitrary<Login> = fc.record({
  tool: fc.constantFrom('ssh', 'ssh', 'ssh', 'scp', 'git', 'service', 'master'),
  answer: fc.constantFrom(undefined, undefined, 'yes', 'yes', 'no'),
  typed,
  user: fc.constantFrom([], [], ['-oUser=toor'], ['-l', 'toor']),
  from: fc.constantFrom('own', 'own', 'file', 'stdin', 'link'),
  as: fc.constantFrom(name, name, `machine%${name}`, id),
});

/** A machine that nobody vouches for, and a plain sshd with its key: two homes with the same lines of the user's. */
describe.skipIf(missing)('a machine whose key nobody knows', () => {
  const dir = useTempDir();
  mkdirSync(join(dir, 'a'));
  const sshd = useSshd(join(dir, 'a'));
  const sshPrivateKeyPath = join(dir, 'a/id');
  const machined = useMachined([
    ...[
      {
        name,
        id: id.replaceAll('-', ''),
        class: 'vm',
        service: 'x',
        sshAddress: `unix${sshd.path}`,
        sshPrivateKeyPath,
      },
    ],
  ]);
  const homeOf = (which: string) => {
    const home = join(dir, which);
    return { home, within: ownHome(home), ssh: join(home, '.ssh'), lines: join(home, '.ssh/vmssh.conf') };
  };
  const [ours, plain] = [homeOf('ours'), homeOf('plain')];
  type Home = typeof ours;
  const envOf = ({ home }: Home) => ({ ...process.env, HOME: home, GIT_SSH_VARIANT: 'ssh', ...machined.env });
  const end = `Host *\n    IdentityFile ${sshPrivateKeyPath}\n    IdentitiesOnly yes\n    User ${username}\n`;
  const repository = join(dir, 'repository');
  symlinkSync('/dev/stdin', join(dir, 'stdin'));

  beforeAll(async () => {
    const install = [...ours.within, ...vmssh, 'config', 'install'];
    expect(await run(install, { env: envOf(ours) })).toMatchObject({ code: 0 });
    const all = [`Host ${name} machine%${name} ${id}`, `ProxyCommand socat - UNIX:${sshd.path}`];
    const known = [`HostKeyAlias ${name}`, 'CheckHostIP no', 'CanonicalizeHostname no'];
    const lines = [...all, ...known, `UserKnownHostsFile ${join(plain.ssh, 'plain')}`];
    writeFileSync(plain.lines, `${lines.join('\n')}\n`, { mode: 0o600 });
    expect(await run(['git', 'init', '-q', '--bare', repository])).toMatchObject({ code: 0 });
  });

  /** No key is known, and these are the user's lines. */
  const begin = (home: Home, blocks: readonly string[], isOnlyTyped: boolean) => {
    for (const each of readdirSync(home.ssh))
      if (each !== 'vmssh.conf') rmSync(join(home.ssh, each), { recursive: true });
    const [own, given] = isOnlyTyped ? [[], blocks] : [blocks, blocks.toReversed()];
    const write = (path: string, text: readonly string[]) =>
      writeFileSync(path, [`Include ${home.lines}\n`, ...text, end].join(''), { mode: 0o600 });
    write(join(home.ssh, 'config'), own);
    write(join(home.home, 'given'), given);
  };

  const commandOf = ({ home, within }: Home, login: Login): readonly string[] => {
    const { tool, typed, user, as } = login;
    const words = [...typed, ...user];
    const given = join(home, 'given');
    const file = {
      own: [],
      file: ['-F', given],
      stdin: ['-F', '/dev/stdin'],
      link: ['-F', join(dir, 'stdin')],
    };
    const call = [ssh, ...file[login.from], ...words];
    switch (tool) {
      case 'ssh':
        return [...within, ...call, as, 'exit 0'];
      case 'service':
        return [
          ...within,
          'env',
          '-i',
          `XDG_RUNTIME_DIR=${machined.env.XDG_RUNTIME_DIR}`,
          ...call,
          as,
          'exit 0',
        ];
      case 'master':
        return [
          ...within,
          ...call,
          '-oControlMaster=auto',
          '-oControlPersist=60',
          socketOf(home),
          as,
          'exit 0',
        ];
      case 'scp': {
        const from = `${user.length > 0 ? 'toor@' : ''}${as}:${given}`;
        return [...within, 'scp', '-S', ssh, ...file[login.from], ...typed, from, join(home, 'copied')];
      }
      case 'git': {
        const quoted = call.map((word) => `'${word}'`).join(' ');
        return [...within, 'env', `GIT_SSH_COMMAND=${quoted}`, 'git', 'ls-remote', `${as}:${repository}`];
      }
    }
  };
  const socketOf = (home: string) => `-oControlPath=${join(home, 'mux')}`;

  const attempt = (home: Home, login: Login): Promise<Outcome> => {
    const command = commandOf(home, login);
    const isRead = login.from === 'stdin' || login.from === 'link';
    if (login.answer !== undefined && !isRead)
      return onTerminal(command, /yes\/no/, login.answer, envOf(home));
    // A pipe of Node is a socket, which nobody can open again.
    const piped = [
      'sh',
      '-c',
      'cat "$0" | "$@"',
      isRead ? join(home.home, 'given') : '/dev/null',
      ...command,
    ];
    return run(piped, { env: envOf(home), detached: true });
  };

  /** A login that is refused later has accepted the key. */
  const isIn = ({ code, stdout, stderr }: Outcome) => {
    const said = stdout + stderr;
    if (/Host key verification failed/.test(said)) return false;
    if (code === 0 || /Permission denied/.test(said)) return true;
    throw new Error(`neither let in nor refused: ${said}`);
  };

  const logins = async (
    home: Home,
    { blocks, both }: { blocks: readonly string[]; both: readonly Login[] },
  ) => {
    begin(home, blocks, both[0]?.from !== 'own');
    const areIn: boolean[] = [];
    for (const each of both) areIn.push(isIn(await attempt(home, each)));
    if (both.some(({ tool }) => tool === 'master'))
      await run([...home.within, ssh, socketOf(home.home), '-O', 'exit', name], { env: envOf(home) });
    return areIn;
  };

  const seen = { in: 0, refused: 0 };

  property(
    'is entered exactly if a plain sshd with the key is, at the first login and by another name at the next',
    fc.record({ blocks: fc.array(own, { maxLength: 3 }), both: fc.tuple(login, login) }),
    async (input) => {
      const [vm, host] = await Promise.all([logins(ours, input), logins(plain, input)]);
      seen[vm[0] ? 'in' : 'refused']++;
      expect(vm).toEqual(host);
    },
    40,
  );

  it('was let in by a third of these, and refused by a third', () => {
    const all = seen.in + seen.refused;
    expect(Math.min(seen.in, seen.refused)).toBeGreaterThanOrEqual(all / 3);
  });
});
