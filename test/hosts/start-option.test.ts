import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { configOptions } from '../../src/hosts/options.js';
import { parseState } from '../../src/ssh/config/state.js';
import { machine, useConfigHome } from '../commands/config/home.js';
import { missingPrograms } from '../helpers/programs.js';

// Without ssh nothing tells the user's StrictHostKeyChecking.
const noSsh = missingPrograms({ ssh: 'openssh-client' });

const home = useConfigHome();
const web = { ...machine, name: 'web', target: 'machine/web', provider: 'machined' } as const;
const both = async () => ({ machines: [machine, web], warnings: [] });
const install = async (args: Record<string, string | true>, to = home.io()) => {
  await home.install(configOptions({ positionals: [], options: args }), to, both);
  const lines = readFileSync(home.own, 'utf8').match(/(?<=ProxyCommand ).*/g) ?? [];
  const started = lines.flatMap(
    (line) => / (--start\S*) .*(qemu\/mint|machine\/web) /.exec(line)?.slice(1) ?? [],
  );
  const { start } = parseState(readFileSync(home.state, 'utf8')).state.options;
  return { start, started: started.join(' '), said: to.stderr.join('') };
};

it.skipIf(noSsh)(
  'config install --start starts where ssh has a terminal, stays, and is taken back',
  async () => {
    const on = '--start-on-terminal';
    const want = { start: 'terminal', started: `${on} qemu/mint ${on} machine/web`, said: '' };
    expect(await install({ start: true })).toEqual(want);
    expect(await install({})).toEqual(want);
    expect(await install({ 'no-start': true })).toEqual({ start: undefined, started: '', said: '' });
  },
);

it.skipIf(noSsh).each([
  { names: 'web', started: '--start machine/web' },
  { names: 'qemu/mint,web', started: '--start qemu/mint --start machine/web' },
  { names: 'gone', started: '', said: 'vmssh: warning: --start=gone: no machine has that Host or target\n' },
])(
  'config install --start=$names starts these for any program, and stays',
  async ({ names, started, said = '' }) => {
    await install({ start: true });
    const want = { start: names.split(','), started, said };
    expect(await install({ start: names })).toEqual(want);
    expect(await install({})).toEqual(want);
  },
);

it.skipIf(noSsh).each(['', ',', 'a,'])('--start=%s names nothing', (start) => {
  expect(() => configOptions({ positionals: [], options: { start } })).toThrow(
    '--start takes names of machines',
  );
});
