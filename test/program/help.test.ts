import { describe, expect, it } from 'vitest';
import { commandGroups, commands } from '../../src/program/commands.js';
import { runCommandLine } from '../../src/program/run.js';
import { fakeIo } from '../helpers/fake-io.js';

/** The lines of --help on a terminal of this width. */
async function help(name: string, columns: number, platform: NodeJS.Platform = 'linux') {
  const io = fakeIo({ terminal: { stdin: true, stdout: true, stderr: true }, columns, platform });
  await runCommandLine([...name.split(' '), '--help'].filter(Boolean), io);
  return io.stdout.join('').split('\n');
}

const names = commands.map(({ name }) => name);
const groups = names.flatMap((name) => (name.includes(' ') ? [name.split(' ')[0] ?? ''] : []));
const typed = new Set(commands.flatMap(({ examples }) => Object.keys(examples).map((line) => `  ${line}`)));

describe('help', () => {
  it.each([40, 50, 60, 80, 120].map((columns) => ({ columns })))(
    'breaks no word on a terminal of $columns columns',
    async ({ columns }) => {
      for (const name of ['', ...new Set([...groups, ...names])]) {
        const lines = await help(name, columns);
        const long = lines.filter((line) => line.length > columns && !typed.has(line));
        // Nothing shorter can be made of one word.
        expect({ name, long: long.filter((line) => line.trim().includes(' ')) }).toEqual({ name, long: [] });
      }
    },
  );

  it.each(['vmssh nc', 'vsock-nc'] as const)('of nc has examples for %s', async (typed) => {
    const io = fakeIo({ program: typed === 'vsock-nc' ? typed : 'vmssh' });
    await runCommandLine([...typed.split(' ').slice(1), '--help'], io);
    expect(io.stdout.join('')).toContain(`Examples:\n  ${typed} mint\n`);
  });

  it.each([...new Set(groups)])('of the group %s has an example of each of its commands', async (group) => {
    const lines = (await help(group, 80)).filter((line) => typed.has(line));
    expect(lines).toHaveLength(names.filter((name) => name.startsWith(`${group} `)).length);
  });

  it('puts what an option does below it if there is no room next to it', async () => {
    const lines = await help('nc', 40, 'win32');
    const at = lines.indexOf('  -t, --transport <LIST>');
    expect(lines.slice(at, at + 3)).toEqual([
      '  -t, --transport <LIST>',
      '      --route in the spelling of hvc:',
      "      vsock, the machine's route over",
    ]);
    expect(
      (await help('nc', 80, 'win32')).some((line) => line.startsWith('  -t, --transport <LIST>  --route in')),
    ).toBe(true);
  });

  it.each([
    { platform: 'linux' as const, shown: false },
    { platform: 'win32' as const, shown: true },
  ])(
    'has every command in a group; Hyper-V sockets only on Windows: $platform',
    async ({ platform, shown }) => {
      const io = fakeIo({ platform });
      await runCommandLine(['--help'], io);
      const text = io.stdout.join('');
      const titles = [...text.matchAll(/^(.*):$/gm)].map(([, title]) => title);
      const groupTitles = commandGroups.map(({ title }) => title);
      expect(titles.filter((title) => title !== 'Options' && title !== 'First steps')).toEqual(
        shown ? groupTitles : groupTitles.filter((title) => title !== 'Hyper-V sockets'),
      );
      const listed = [...text.matchAll(/^ {2}([a-z]+) {2}/gm)].map(([, name]) => name);
      const names = new Set(
        commandGroups.flatMap((group) =>
          (group.platform ?? platform) === platform
            ? group.commands.map(({ name }) => name.split(' ')[0])
            : [],
        ),
      );
      expect(listed).toEqual([...names]);
    },
  );

  it('has the options of hvc only on Windows, and each command of Windows if it is asked for', async () => {
    const options = ['--transport', '--ssh', '--host-prefix', 'hvc'];
    const shown = async (platform: NodeJS.Platform) => {
      const text = (await help('nc', 80, platform)).join('\n');
      return options.map((option) => text.includes(option));
    };
    expect(await shown('linux')).toEqual([false, false, false, false]);
    expect(await shown('win32')).toEqual([true, true, true, true]);
    expect((await help('guid', 80))[0]).toBe('Usage: vmssh guid [options] PORT...');
    const io = fakeIo();
    expect(await runCommandLine(['guid', '22'], io)).toBe(0);
    expect(io.stdout).toEqual(['00000016-facb-11e6-bd58-64006a7986d3\n']);
  });

  it.each([['help'], ['--help'], ['-h']])('is what "vmssh %s" prints', async (word) => {
    const io = fakeIo();
    expect(await runCommandLine([word], io)).toBe(0);
    expect(io.stdout.join('')).toMatch(/^Usage: vmssh /);
  });
});
