import { existsSync, mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { signed } from '../../src/ssh/config/file.js';
import { anyHost, usersPolicies } from '../../src/ssh/users-policy.js';
import { lacks } from '../helpers/programs.js';
import { useTempDir } from '../helpers/temp-dir.js';

const missing = lacks('ssh');
const dir = useTempDir();
let [folder, systemFolder] = ['', ''];

beforeEach(() => {
  const home = mkdtempSync(join(dir, 'h-'));
  [folder, systemFolder] = [join(home, '.ssh'), join(home, 'etc')];
  for (const each of [folder, systemFolder]) mkdirSync(each);
});

const write = (path: string, text: string) => writeFileSync(path, text);
const config = (text: string) => write(join(folder, 'config'), text);
const asked = (more: Partial<Parameters<typeof usersPolicies>[0]> = {}) =>
  usersPolicies({
    env: { ...process.env, HOME: join(folder, '..') },
    platform: 'linux',
    folder,
    systemFolder,
    ...more,
  });
const yes = 'StrictHostKeyChecking yes\n';

describe.skipIf(missing)("the user's StrictHostKeyChecking, as ssh reads it", () => {
  it.each([
    { name: 'no file', text: undefined, want: 'accept-new' },
    { name: 'nothing said', text: 'Host web\n    Port 1\n', want: 'accept-new' },
    { name: 'no, meant for other hosts', text: 'StrictHostKeyChecking no\n', want: 'accept-new' },
    { name: 'ask', text: 'Host *\nStrictHostKeyChecking ask\n', want: 'ask' },
    { name: 'yes for another host', text: `Host web\n${yes}`, want: 'accept-new' },
    { name: 'the first of two', text: `StrictHostKeyChecking accept-new\n${yes}`, want: 'accept-new' },
    { name: 'above', text: yes, want: 'strict' },
    { name: 'Host *', text: `Host *\n${yes}`, want: 'strict' },
    { name: 'Host ?*', text: `Host ?*\n${yes}`, want: 'strict' },
    { name: 'Match all', text: `Match all\n${yes}`, want: 'strict' },
    { name: 'Match host *', text: `Match host *\n${yes}`, want: 'strict' },
    { name: 'Match final all', text: `Match final all\n${yes}`, want: 'strict' },
    { name: 'a quoted keyword', text: '"StrictHostKeyChecking" "yes"\n', want: 'strict' },
    { name: 'with our Include above', text: `Include vmssh.conf\n${yes}`, want: 'strict' },
  ])('$name: $want', async ({ text, want }) => {
    write(join(folder, 'vmssh.conf'), signed('Host *\nStrictHostKeyChecking accept-new\n'));
    if (text !== undefined) config(text);
    expect(await asked()).toEqual([{ policy: want }]);
  });

  it.each([undefined, '# mine\n'])('is that of the call beside a file of %j', async (text) => {
    if (text !== undefined) config(text);
    const options = ['-o', 'StrictHostKeyChecking=yes'];
    expect(await asked({ options })).toEqual([{ policy: 'strict' }]);
    expect(await asked({ options, file: 'none' })).toEqual([{ policy: 'strict' }]);
  });

  it('is that of files that it includes, and of the system', async () => {
    const more = join(folder, 'more');
    write(more, yes);
    config(`Include ${more}\n`);
    expect(await asked()).toMatchObject([{ policy: 'strict' }]);
    config(`Host db\nHost *\nInclude ${more}\n`);
    expect(await asked()).toMatchObject([{ policy: 'strict' }]);
    config('');
    write(join(systemFolder, 'ssh_config'), `Host *\n${yes}`);
    expect(await asked()).toMatchObject([{ policy: 'strict' }]);
  });

  it('is that of the file of -F, in their place', async () => {
    config(yes);
    const file = join(folder, 'other');
    write(file, 'Port 1\n');
    expect(await asked({ file })).toMatchObject([{ policy: 'accept-new' }]);
    for (const none of ['none', '/dev/null'])
      expect(await asked({ file: none })).toMatchObject([{ policy: 'accept-new' }]);
    write(file, yes);
    expect(await asked({ file })).toMatchObject([{ policy: 'strict' }]);
  });

  it('is of each name by itself', async () => {
    config(`Host web-*\n${yes}`);
    const said = await asked({ names: [anyHost, 'web-1', 'db'] });
    expect(said.map(({ policy }) => policy)).toEqual(['accept-new', 'strict', 'accept-new']);
  });

  it.each([
    { name: 'ssh does not accept it', text: 'No 1\n', more: {}, why: /^your configuration: line 1: Bad/ },
    { name: 'it is too long', text: `#${'x'.repeat(40 << 20)}\n`, more: {}, why: /EFBIG/ },
    {
      name: 'there is no ssh',
      text: 'Port 1\n',
      more: { env: { HOME: dir, PATH: '/nowhere' } },
      why: /ENOENT/,
    },
    { name: 'the file of -F is missing', text: '', more: { file: '/no/such' }, why: /ENOENT/ },
  ])('is strict, with the reason, if $name', async ({ text, more, why }) => {
    config(text);
    expect(await asked(more)).toMatchObject([{ policy: 'strict', problem: expect.stringMatching(why) }]);
  });

  it('runs no Match exec, and counts it as true and as false', async () => {
    const ran = join(folder, 'ran');
    const exec = `Match exec "touch ${ran}"\n`;
    for (const [text, want] of [
      [`${exec}${yes}`, 'strict'],
      [`Match !exec "touch ${ran}"\n${yes}`, 'strict'],
      [`Match final exec "touch ${ran}"\n${yes}`, 'strict'],
      [`${exec}    Port 1\nMatch all\nStrictHostKeyChecking accept-new\n`, 'accept-new'],
    ] as const) {
      config(text);
      expect(await asked()).toEqual([{ policy: want }]);
    }
    expect(existsSync(ran)).toBe(false);
  });

  it('is not what vmssh wrote, by whichever Include', async () => {
    const ours = signed('Host vmssh.invalid web\n    StrictHostKeyChecking yes\n');
    write(join(folder, 'vmssh.conf'), ours);
    write(join(folder, 'mine.conf'), 'Host web\n    StrictHostKeyChecking ask\n');
    config('Include *.conf\n');
    const more = join(systemFolder, 'ssh_config.d');
    mkdirSync(more);
    write(join(more, '10-vmssh.conf'), ours);
    write(join(more, '30-vmssh.conf'), `# Of the package vmssh.\nHost *\n${yes}`);
    write(join(systemFolder, 'ssh_config'), 'Include ssh_config.d/*.conf\n');
    expect(await asked({ names: [anyHost, 'web'] })).toEqual([{ policy: 'accept-new' }, { policy: 'ask' }]);
    write(join(more, '50-site.conf'), yes);
    expect(await asked()).toEqual([{ policy: 'strict' }]);
  });

  it('may depend on the options of a call', async () => {
    config(`Match user bob\n${yes}`);
    const said = await Promise.all(
      [['-l', 'bob'], ['-o', 'User=bob'], []].map((options) => asked({ options })),
    );
    expect(said.flat().map(({ policy }) => policy)).toEqual(['strict', 'strict', 'accept-new']);
  });
});
