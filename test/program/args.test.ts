import { describe, expect, it } from 'vitest';
import { type RawArgs, scanArgs, shownOn } from '../../src/cli/command.js';
import { commands } from '../../src/program/commands.js';
import { runCommandLine } from '../../src/program/run.js';
import { fakeIo } from '../helpers/fake-io.js';

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

describe('arguments are split', () => {
  it.each<readonly [command: string, args: string | readonly string[], positionals: string, options: object]>(
    [
      ['proxy', '', '', {}],
      ['proxy', '--fdpass --typed vsock/3 vsock/3 22', 'vsock/3 22', { fdpass: true, typed: 'vsock/3' }],
      ['proxy', '--typed=unix/Foo=Bar unix/foo=bar', 'unix/foo=bar', { typed: 'unix/Foo=Bar' }],
      ['proxy', '--typed= a', 'a', { typed: '' }],
      ['proxy', ['--typed', '', 'a'], 'a', { typed: '' }],
      ['proxy', '--typed --wait a', 'a', { typed: '--wait' }],
      ['proxy', '--typed -h a', 'a', { typed: '-h' }],
      ['proxy', '- 22', '- 22', {}],
      ['proxy', '-v a -- --wait -h', 'a --wait -h', { verbose: true }],
      ['proxy', 'a -v -v', 'a', { verbose: true }],
      ['proxy', '--timeout 5 --timeout 6 a', 'a', { timeout: '6' }],
      ['proxy', '--wait 60x a', '60x a', { wait: true }],
      ['proxy', 'a --wait', 'a', { wait: true }],
      ['proxy', '--wait=1 --wait=60 a', 'a', { wait: '60' }],
      ['proxy', '--wait= a', 'a', { wait: '' }],
      ['config print', '--no-via', '', { 'no-via': true }],
      ['list', '--via hv1 --via=hv2', '', { via: ['hv1', 'hv2'] }],
      ['list', '-o json', '', { output: 'json' }],
      ['list', '-ojson', '', { output: 'json' }],
      ['list', '-rqw', '', { running: true, quiet: true, watch: true }],
      ['list', '-ro json', '', { running: true, output: 'json' }],
    ],
  )('%s %j', (command, args, positionals, options) => {
    const words = (text: string) => text.split(' ').filter(Boolean);
    const raw = scanArgs(specsOf(command), typeof args === 'string' ? words(args) : args);
    expect(raw).toEqual({ positionals: words(positionals), options });
  });

  it('into nothing where help is asked for', () => {
    for (const arg of ['--help', '-h']) expect(scanArgs(specsOf('proxy'), ['a', arg])).toBeUndefined();
  });
});

describe('help', () => {
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
    const io = fakeIo();
    expect(await runCommandLine([...name.split(' '), '--help'], io)).toBe(0);
    const { stdout, stderr } = io;
    expect(stderr).toEqual([]);
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
