import { describe, expect, it } from 'vitest';
import { type RawArgs, shownOn } from '../../src/cli/command.js';
import { commands } from '../../src/program/commands.js';
import { runWithCommander } from '../../src/program/program.js';
import { runCommandLine } from '../../src/program/run.js';
import { fakeIo } from '../helpers/fake-io.js';

type Run = typeof runWithCommander;

/** The command and the arguments that a line comes to, and what is printed for it. */
async function outcome(run: Run, args: readonly string[]) {
  const io = fakeIo();
  let got: { name: string; raw: RawArgs } | undefined;
  const act = async ({ name }: { name: string }, raw: RawArgs) => {
    got = { name, raw };
    return 7;
  };
  const error = await run(args, io, act).catch((thrown: Error) => thrown.message);
  return { got, error, out: io.stdout.join(''), err: io.stderr.join('') };
}

describe('a command that is loaded by itself', () => {
  it.each([
    ['list', '--json'],
    ['list', '-o', 'json', '--provider=libvirt'],
    ['list', '-rq'],
    ['list', '--watch', '5'],
    ['list', '--watch', '5', '--json'],
    ['list', '--frob'],
    ['list', '--help'],
    ['check', 'vsock/3', '--json'],
    ['check', '--until=resolved', 'vsock/3'],
    ['proxy', '--fdpass', 'vsock/3', '22'],
    ['ssh', '--help'],
    ['ssh'],
    ['config', 'install', '--prefix', 'vm-', '--dry-run'],
    ['config', 'install', 'mint'],
    ['config', 'refresh', '--help'],
    ['config', 'instal'],
    ['config'],
    ['guest', 'check', '--json', 'root@mint'],
    ['doctor', 'mint'],
  ])('gets what commander makes of %s %s %s %s', async (...args) => {
    const given = args.filter((word) => word !== undefined);
    expect(await outcome(runCommandLine, given)).toEqual(await outcome(runWithCommander, given));
  });

  it.each([
    ['ssh', '-v', 'mint', 'true'],
    ['rsync', '-h', 'a', 'mint:'],
  ])('passes the arguments of %s on', async (name, ...args) => {
    const { got } = await outcome(runCommandLine, [name, ...args]);
    expect(got).toEqual({ name, raw: { positionals: args, options: {} } });
  });

  it.each([
    { args: ['ssh', 'vso'], has: 'vsock/\tan address' },
    { args: ['list', '--out'], has: '--output\t' },
    { args: ['config', 'unin'], has: 'uninstall\t' },
    { args: ['lis'], has: 'list\t' },
    { args: ['guest', 'check', '--js'], has: '--json\t' },
  ])('completes $args', async ({ args, has }) => {
    const { out } = await outcome(runCommandLine, ['complete', '--', ...args]);
    expect(out).toContain(has);
  });

  it('has the options that the help shows', async () => {
    for (const { name, options } of commands) {
      const longs = shownOn('linux', options).map(({ long }) => `--${long}`);
      const { out } = await outcome(runCommandLine, ['complete', '--', ...name.split(' '), '--']);
      expect(out.split('\n').map((line) => line.split('\t')[0])).toEqual(expect.arrayContaining(longs));
    }
  });
});
