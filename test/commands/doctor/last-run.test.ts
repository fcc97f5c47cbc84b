import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { gatherConfig } from '../../../src/commands/doctor/config.js';
import { clientChecks } from '../../../src/commands/doctor/facts.js';
import { configFiles } from '../../../src/hosts/places.js';
import { freshUnitTexts } from '../../../src/hosts/units.js';
import { useConfigHome } from '../config/home.js';

const home = useConfigHome();

describe('the doctor, of what the last config install left,', () => {
  const gather = (states = '', hasSystemd = false, io = home.io()) => {
    const files = configFiles({ system: false }, io, undefined, () => hasSystemd);
    return gatherConfig(io, files, async () => ({ stdout: states, stderr: '', code: 0, signal: null }));
  };

  it('says whether it would write the same lines of the same machines', async () => {
    expect(await gather()).not.toHaveProperty('isCurrent');
    await home.install();
    expect(await gather()).toMatchObject({
      isCurrent: true,
      isIncluded: true,
      refusal: undefined,
      fresh: undefined,
    });
    expect(await gather('', false, { ...home.io(), self: ['/opt/other'] })).toMatchObject({
      isCurrent: false,
    });
    home.write('config', 'Host a\nInclude vmssh.conf\n');
    expect(await gather()).toMatchObject({ isCurrent: true, isIncluded: false });
    writeFileSync(home.own, 'Host a\n');
    expect(await gather()).toMatchObject({
      owner: 'foreign',
      refusal: { hint: expect.stringMatching(/^mv -i \S+vmssh\.conf \S+\.old && vmssh config install$/) },
    });
  });

  it('says that its state cannot be used', async () => {
    await home.install();
    for (const [text, why] of [
      ['{', 'it is not JSON'],
      ['{"version":3}', 'it is of version 3'],
    ] as const) {
      writeFileSync(home.state, text);
      expect((await gather()).refusal).toMatchObject({ why: expect.stringContaining(why) });
    }
    rmSync(home.state);
    mkdirSync(home.state);
    expect((await gather()).refusal).toMatchObject({ why: expect.stringContaining(' cannot be read: ') });
  });

  it.each([
    { states: 'active\nactive\ninactive\n', fresh: 'units' },
    { states: 'active\ninactive\ninactive\n', fresh: 'idle units' },
    { states: 'failed\nactive\ninactive\n', fresh: 'failed units' },
    { states: '', fresh: 'idle units' },
  ])('asks systemd: $fresh', async ({ states, fresh }) => {
    await home.install({ fresh: true });
    expect(await gather(states)).toMatchObject({ fresh: 'list' });
    const folder = join(home.path, '.config/systemd/user');
    mkdirSync(folder, { recursive: true });
    for (const [name, text] of Object.entries(freshUnitTexts(['/v'], {})))
      writeFileSync(join(folder, name), text);
    expect(await gather(states, true)).toMatchObject({ fresh });
    writeFileSync(join(folder, 'vmssh-hosts.timer'), '[Timer]\n');
    if (fresh === 'units') expect(await gather(states, true)).toMatchObject({ fresh: 'idle units' });
  });
});

it('the doctor says what programs that read ssh_config themselves read, if they were used here', async () => {
  expect(await clientChecks(home.io())).toEqual([]);
  mkdirSync(join(home.path, '.vscode'));
  mkdirSync(join(home.path, '.config/JetBrains'), { recursive: true });
  expect(await clientChecks(home.io())).toMatchObject([
    { name: 'VS Code', found: expect.stringContaining('above the first Host') },
    { name: 'JetBrains', found: expect.stringContaining('no Include') },
  ]);
  home.write('config', '');
  expect(await home.install()).toBe(0);
  const settings = join(home.path, '.config/Code/User/settings.json');
  mkdirSync(dirname(settings), { recursive: true });
  writeFileSync(settings, `{\n  // mine\n  "remote.SSH.configFile": "~/work.conf",\n}\n`);
  const [, , row] = await clientChecks(home.io());
  const work = join(home.path, 'work.conf');
  expect(row).toMatchObject({
    name: 'VS Code',
    state: 'bad',
    fix: `put this line at the top of ${work}: Include ${home.own}`,
  });
  writeFileSync(work, `Include ${home.own}\nHost x\n`);
  expect(await clientChecks(home.io())).toHaveLength(2);
});
