import { describe, expect, it } from 'vitest';
import { type RawArgs, shownOn } from '../../src/cli/command.js';
import { commands } from '../../src/program/commands.js';
import { runCommandLine } from '../../src/program/run.js';
import { fakeIo } from '../helpers/fake-io.js';

/** The command and the arguments that a line comes to, and what is printed for it. */
async function outcome(args: readonly string[]) {
  const io = fakeIo();
  let got: { name: string; raw: RawArgs } | undefined;
  const act = async ({ name }: { name: string }, raw: RawArgs) => {
    got = { name, raw };
    return 7;
  };
  const error = await runCommandLine(args, io, act).catch((thrown: Error) => thrown.message);
  return { got, error, out: io.stdout.join(''), err: io.stderr.join('') };
}

describe('a command line', () => {
  it.each([
    ['ssh', '-v', 'mint', 'true'],
    ['rsync', '-h', 'a', 'mint:'],
  ])('passes the arguments of %s on', async (name, ...args) => {
    const { got } = await outcome([name, ...args]);
    expect(got).toEqual({ name, raw: { positionals: args, options: {} } });
  });

  it.each([
    { args: ['ssh', 'vso'], has: 'vsock/\tan address' },
    { args: ['list', '--out'], has: '--output\t' },
    { args: ['config', 'unin'], has: 'uninstall\t' },
    { args: ['lis'], has: 'list\t' },
    { args: ['guest', 'check', '--js'], has: '--json\t' },
  ])('completes $args', async ({ args, has }) => {
    const { out } = await outcome(['complete', '--', ...args]);
    expect(out).toContain(has);
  });

  it('has the options that the help shows', async () => {
    for (const { name, options } of commands) {
      const longs = shownOn('linux', options).map(({ long }) => `--${long}`);
      const { out } = await outcome(['complete', '--', ...name.split(' '), '--']);
      expect(out.split('\n').map((line) => line.split('\t')[0])).toEqual(expect.arrayContaining(longs));
    }
  });
});
