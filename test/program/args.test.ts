import { describe, expect, it } from 'vitest';
import { type RawArgs, scanArgs, shownOn } from '../../src/cli/command.js';
import { commands } from '../../src/program/commands.js';
import { runWithCommander } from '../../src/program/program.js';
import { runCommandLine } from '../../src/program/run.js';
import { fakeIo } from '../helpers/fake-io.js';
import { rows } from './args-rows.js';

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

describe('the options', () => {
  it('use each letter for one meaning in all commands', () => {
    const letters = new Map<string, Set<string>>();
    for (const { long, short } of commands.flatMap(({ options }) => options))
      if (short !== undefined) letters.set(short, (letters.get(short) ?? new Set()).add(long));
    const several = [...letters].filter(([, names]) => names.size > 1);
    // -o is the format of list, and as for ssh a setting of ssh_config(5) where such are written.
    expect(several).toEqual([['o', new Set(['output', 'ssh-option'])]]);
    expect([...(letters.get('p') ?? [])]).toEqual(['port']);
  });

  it.each(['check', 'nc', 'guest install', 'guest check'])('of %s have -p', (name) => {
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
    // ssh, scp, sftp and rsync find --print-command, --bring-sshd and --typed by themselves, among the options of another program.
    const shared = ['via', 'timeout', 'wait', 'start', 'verbose', 'json', 'print-command'];
    const ofTools = ['ssh typed', ...['ssh', 'scp', 'sftp', 'rsync'].map((tool) => `${tool} bring-sshd`)];
    const all = commands.flatMap(({ name, options }) =>
      options.filter(({ long }) => !shared.includes(long)).map(({ long }) => `${name} ${long}`),
    );
    const without = all.filter((each) => !tried.has(each) && !ofTools.includes(each));
    expect(without, 'options without a row in test/program/args-rows.ts').toEqual([]);
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
    {
      name: 'nothing',
      args: [],
      says: /^Log in to .*\n {2}vmssh list .*\n(?:.*\n)*All commands: vmssh --help\n$/,
    },
  ])('shows $name on stderr', async ({ args, says }) => {
    const io = fakeIo();
    expect(await runCommandLine(args, io)).toBe(2);
    expect(io.stderr.join('')).toMatch(says);
    expect(io.stdout).toEqual([]);
  });

  it.each(commands.map(({ name }) => name))('has help for %s', async (name) => {
    const { stdout, stderr, code } = await commanderArgs(name, ['--help']);
    expect({ stderr, code }).toEqual({ stderr: [], code: 0 });
    for (const { long } of shownOn('linux', specsOf(name))) expect(stdout.join('')).toContain(`--${long}`);
    const lines = stdout.join('').split('\n');
    expect(lines.filter((line) => line.length > 80)).toEqual([]);
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
