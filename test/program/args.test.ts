import { describe, expect, it } from 'vitest';
import type { RawArgs } from '../../src/cli/command.js';
import { scanArgs } from '../../src/cli/scan-args.js';
import { commands } from '../../src/program/commands.js';
import { runWithCommander } from '../../src/program/program.js';
import { runCommandLine } from '../../src/program/run.js';
import { fakeIo } from '../helpers/fake-io.js';

/** What commander makes of the arguments of a command; undefined if it prints and ends. */
async function commanderArgs(name: string, args: readonly string[]) {
  const io = fakeIo();
  let raw: RawArgs | undefined;
  const code = await runWithCommander([...name.split(' '), ...args], io, async (_command, received) => {
    raw = received;
    return 0;
  });
  return { raw, code, ...io };
}

const specsOf = (name: string) => commands.find((command) => command.name === name)?.options ?? [];

/** What both parsers must make of arguments. */
const rows: readonly { command: string; args: string[]; want: RawArgs }[] = [
  { command: 'proxy', args: [], want: { positionals: [], options: {} } },
  { command: 'proxy', args: ['vsock/3', '22'], want: { positionals: ['vsock/3', '22'], options: {} } },
  {
    command: 'proxy',
    args: ['--fdpass', '--typed', 'vsock/3', 'vsock/3', '22'],
    want: { positionals: ['vsock/3', '22'], options: { fdpass: true, typed: 'vsock/3' } },
  },
  {
    command: 'proxy',
    args: ['--typed=unix/Foo=Bar', 'unix/foo=bar', '22'],
    want: { positionals: ['unix/foo=bar', '22'], options: { typed: 'unix/Foo=Bar' } },
  },
  {
    command: 'proxy',
    args: ['--typed=', 'a', '1'],
    want: { positionals: ['a', '1'], options: { typed: '' } },
  },
  {
    command: 'proxy',
    args: ['--typed', '', 'a', '1'],
    want: { positionals: ['a', '1'], options: { typed: '' } },
  },
  {
    command: 'proxy',
    args: ['--typed', '--wait', 'a', '1'],
    want: { positionals: ['a', '1'], options: { typed: '--wait' } },
  },
  {
    command: 'proxy',
    args: ['--typed', '-x', 'a', '1'],
    want: { positionals: ['a', '1'], options: { typed: '-x' } },
  },
  { command: 'proxy', args: ['', '22'], want: { positionals: ['', '22'], options: {} } },
  { command: 'proxy', args: ['-', '22'], want: { positionals: ['-', '22'], options: {} } },
  { command: 'proxy', args: ['--', '-x', '--wait'], want: { positionals: ['-x', '--wait'], options: {} } },
  {
    command: 'proxy',
    args: ['-v', 'a', '--', '--wait'],
    want: { positionals: ['a', '--wait'], options: { verbose: true } },
  },
  { command: 'proxy', args: ['a', '1', '-v'], want: { positionals: ['a', '1'], options: { verbose: true } } },
  { command: 'proxy', args: ['-v', '-v', 'a'], want: { positionals: ['a'], options: { verbose: true } } },
  {
    command: 'proxy',
    args: ['--timeout', '5', '--timeout', '6', 'a'],
    want: { positionals: ['a'], options: { timeout: '6' } },
  },
  {
    command: 'proxy',
    args: ['--wait', 'a', '1'],
    want: { positionals: ['a', '1'], options: { wait: true } },
  },
  {
    command: 'proxy',
    args: ['--wait', '60x', 'a'],
    want: { positionals: ['60x', 'a'], options: { wait: true } },
  },
  {
    command: 'proxy',
    args: ['a', '1', '--wait'],
    want: { positionals: ['a', '1'], options: { wait: true } },
  },
  { command: 'proxy', args: ['--wait=60', 'a'], want: { positionals: ['a'], options: { wait: '60' } } },
  { command: 'proxy', args: ['--wait=', 'a'], want: { positionals: ['a'], options: { wait: '' } } },
  {
    command: 'proxy',
    args: ['--wait=1', '--wait', 'a'],
    want: { positionals: ['a'], options: { wait: true } },
  },
  { command: 'proxy', args: ['a\nb', 'Ü'], want: { positionals: ['a\nb', 'Ü'], options: {} } },
  {
    command: 'nc',
    args: ['-t', 'vsock,ip', '--ssh', '--host-prefix', 'hyper-v/', 'hyper-v/mint', '22'],
    want: {
      positionals: ['hyper-v/mint', '22'],
      options: { transport: 'vsock,ip', ssh: true, 'host-prefix': 'hyper-v/' },
    },
  },
  {
    command: 'service register',
    args: ['--name', 'a b', '--dry-run', '22'],
    want: { positionals: ['22'], options: { name: 'a b', 'dry-run': true } },
  },
  {
    command: 'service unregister',
    args: ['--dry-run', '22'],
    want: { positionals: ['22'], options: { 'dry-run': true } },
  },
  {
    command: 'nc',
    args: ['-b', '--pipe', '-p', '2222', '--wait', 'vsock/3'],
    want: { positionals: ['vsock/3'], options: { banner: true, pipe: true, port: '2222', wait: true } },
  },
  {
    command: 'check',
    args: ['--wait', 'vsock/3', '-p', '2222', '-l', 'ann', '--json'],
    want: { positionals: ['vsock/3'], options: { wait: true, port: '2222', user: 'ann', json: true } },
  },
  {
    command: 'resolve',
    args: ['--json', '-p', '1', 'a'],
    want: { positionals: ['a'], options: { json: true, port: '1' } },
  },
  { command: 'config print', args: [], want: { positionals: [], options: {} } },
  {
    command: 'doctor',
    args: ['--over', 'root@web', '-p', '2222', '-l', 'ann', '--ssh-config', 'f', 'vsock/3'],
    want: {
      positionals: ['vsock/3'],
      options: { over: 'root@web', port: '2222', user: 'ann', 'ssh-config': 'f' },
    },
  },
  { command: 'doctor', args: ['--report'], want: { positionals: [], options: { report: true } } },
  {
    command: 'guest install',
    args: [
      ...[
        '--target',
        'vsock/3',
        '-p',
        '2222',
        '--hosts-fix',
        '--hushlogin',
        '--key',
        'k',
        '--account',
        'ann',
      ],
      ...['--only-vsock', '--generator', '--undo', '--route', 'ssh', '--ssh-config', 'f', 'root@web'],
    ],
    want: {
      positionals: ['root@web'],
      options: {
        ...{ target: 'vsock/3', port: '2222', 'hosts-fix': true, hushlogin: true, key: 'k', account: 'ann' },
        ...{ 'only-vsock': true, generator: true, undo: true, route: 'ssh', 'ssh-config': 'f' },
      },
    },
  },
  {
    command: 'guest script',
    args: [
      ...['-p', '2222', '--hosts-fix', '--hushlogin', '--key', 'k', '--account', 'ann'],
      ...['--only-vsock', '--generator', '--undo'],
    ],
    want: {
      positionals: [],
      options: {
        ...{ port: '2222', 'hosts-fix': true, hushlogin: true, key: 'k', account: 'ann' },
        ...{ 'only-vsock': true, generator: true, undo: true },
      },
    },
  },
  {
    command: 'list',
    args: ['-r', '--provider', 'libvirt', '-o', 'wide', '-q', '--ids', '--json', '-w'],
    want: {
      positionals: [],
      options: {
        ...{ running: true, provider: 'libvirt', output: 'wide', quiet: true, ids: true, json: true },
        ...{ watch: true },
      },
    },
  },
  {
    command: 'config install',
    args: ['--only-patterns', '--prefix', 'vm-', '--system', '-n'],
    want: {
      positionals: [],
      options: { 'only-patterns': true, prefix: 'vm-', system: true, 'dry-run': true },
    },
  },
  {
    command: 'config uninstall',
    args: ['--system', '--dry-run'],
    want: { positionals: [], options: { system: true, 'dry-run': true } },
  },
  {
    command: 'config diff',
    args: ['--only-patterns', '--prefix=vm-', '--system'],
    want: { positionals: [], options: { 'only-patterns': true, prefix: 'vm-', system: true } },
  },
  {
    command: 'config print',
    args: ['--only-patterns', '--prefix', 'vm-'],
    want: { positionals: [], options: { 'only-patterns': true, prefix: 'vm-' } },
  },
  { command: 'forget', args: ['a', 'b'], want: { positionals: ['a', 'b'], options: {} } },
  { command: 'list', args: ['--watch=5'], want: { positionals: [], options: { watch: '5' } } },
  {
    command: 'guest units',
    args: ['--systemd', '255', '-p', '2222', '--distro', 'arch'],
    want: { positionals: [], options: { systemd: '255', port: '2222', distro: 'arch' } },
  },
  { command: 'guest generator', args: [], want: { positionals: [], options: {} } },
  {
    command: 'guest cloud-init',
    args: [
      ...['--tree', 'd', '-p', '2222', '--hosts-fix', '--hushlogin', '--key', 'k', '--account', 'ann'],
      ...['--generator', '--distro', 'arch'],
    ],
    want: {
      positionals: [],
      options: {
        ...{ tree: 'd', port: '2222', 'hosts-fix': true, hushlogin: true, key: 'k', account: 'ann' },
        ...{ generator: true, distro: 'arch' },
      },
    },
  },
  {
    command: 'guest check',
    args: ['--script', '-p', '2222', '-l', 'ann', '--route', 'wsl', '--ssh-config', 'f', 'root@web'],
    want: {
      positionals: ['root@web'],
      options: { script: true, port: '2222', user: 'ann', route: 'wsl', 'ssh-config': 'f' },
    },
  },
];

describe('the options', () => {
  it('use each letter for one meaning in all commands', () => {
    const letters = new Map<string, Set<string>>();
    for (const { long, short } of commands.flatMap(({ options }) => options))
      if (short !== undefined) letters.set(short, (letters.get(short) ?? new Set()).add(long));
    const several = [...letters].filter(([, names]) => names.size > 1);
    expect(several).toEqual([]);
    expect([...(letters.get('p') ?? [])]).toEqual(['port']);
  });

  it.each(['check', 'nc', 'resolve', 'doctor', 'guest install', 'guest check'])('of %s have -p', (name) => {
    expect(specsOf(name).find(({ short }) => short === 'p')?.long).toBe('port');
  });
});

describe('both parsers', () => {
  it.each(rows)('make the same of $command $args', async ({ command, args, want }) => {
    expect(scanArgs(specsOf(command), args)).toEqual(want);
    const { raw, stdout, stderr } = await commanderArgs(command, args);
    expect({ raw, stdout, stderr }).toEqual({ raw: want, stdout: [], stderr: [] });
  });

  it('have a row for every option', () => {
    const tried = new Set(
      rows.flatMap(({ command, want }) => Object.keys(want.options).map((o) => `${command} ${o}`)),
    );
    // ssh, scp, sftp and rsync find --print-command and --typed by themselves, among the options of another program.
    const shared = ['timeout', 'wait', 'verbose', 'json', 'print-command'];
    const all = commands.flatMap(({ name, options }) =>
      options.filter(({ long }) => !shared.includes(long)).map(({ long }) => `${name} ${long}`),
    );
    expect(all.filter((each) => !tried.has(each) && each !== 'ssh typed')).toEqual([]);
  });
});

describe('the fast path leaves to commander', () => {
  it.each(['--help', '-h'])('%s', async (arg) => {
    expect(scanArgs(specsOf('proxy'), [arg])).toBeUndefined();
    const { raw, code, stdout, stderr } = await commanderArgs('proxy', [arg]);
    expect({ raw, code, stderr }).toEqual({ raw: undefined, code: 0, stderr: [] });
    expect(stdout.join('')).toMatch(/^Usage: vmssh proxy \[options\] HOST PORT/);
  });

  it.each<{ name: string; args: string[]; want: RawArgs }>([
    { name: 'a negative number', args: ['a', '-1'], want: { positionals: ['a', '-1'], options: {} } },
    {
      name: 'short options together',
      args: ['-vb', 'a'],
      want: { positionals: ['a'], options: { verbose: true, banner: true } },
    },
    {
      name: 'a value right after it',
      args: ['-tvsock', 'a'],
      want: { positionals: ['a'], options: { transport: 'vsock' } },
    },
    {
      name: 'those with --wait beside them',
      args: ['-vb', '--wait', 'a'],
      want: { positionals: ['a'], options: { verbose: true, banner: true, wait: true } },
    },
  ])('$name, which it understands', async ({ args, want }) => {
    expect(scanArgs(specsOf('nc'), args)).toBeUndefined();
    expect((await commanderArgs('nc', args)).raw).toEqual(want);
  });
});

describe('commander', () => {
  it.each([
    { name: 'half of a command', args: ['config'], says: /Usage: vmssh config/ },
    { name: 'nothing', args: [], says: /Usage: vmssh/ },
  ])('shows $name on stderr', async ({ args, says }) => {
    const io = fakeIo();
    expect(await runCommandLine(args, io)).toBe(2);
    expect(io.stderr.join('')).toMatch(says);
    expect(io.stdout).toEqual([]);
  });

  it.each(commands.map(({ name }) => name))('has help for %s', async (name) => {
    const { stdout, stderr, code } = await commanderArgs(name, ['--help']);
    expect({ stderr, code }).toEqual({ stderr: [], code: 0 });
    for (const { long } of specsOf(name)) expect(stdout.join('')).toContain(`--${long}`);
    const typed = commands.flatMap(({ examples }) => examples.map(({ line }) => `  ${line}`));
    const lines = stdout.join('').split('\n');
    expect(lines.filter((line) => line.length > 80 && !typed.includes(line))).toEqual([]);
    expect(stdout.join('')).not.toMatch(/[\u2018-\u201f]/); // quotes that a shell does not know
    expect(stdout.join('')).toContain('Examples:');
  });

  it('serves vsock-nc by itself', async () => {
    const io = fakeIo({ program: 'vsock-nc' });
    let raw: unknown;
    const act = async (_: unknown, received: RawArgs) => {
      raw = received;
      return 3;
    };
    expect(await runCommandLine(['--wait', 'vsock/3', '22'], io, act)).toBe(3);
    expect(raw).toEqual({ positionals: ['vsock/3', '22'], options: { wait: true } });
  });
});
