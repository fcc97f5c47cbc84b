import { expect, it } from 'vitest';
import { configFiles, spellings } from '../../src/hosts/places.js';
import { hasInclude, withInclude, withoutInclude } from '../../src/ssh/config/file.js';
import { fakeIo } from '../helpers/fake-io.js';

const env = { HOME: '/home/me', USERPROFILE: '/Users/me b' };
const whole = '"/Users/me b/.ssh/vmssh.conf"';

// Git's ssh takes C:/… for a path in ~/.ssh; Windows' own takes "~" from HOME.
it.each([
  { name: 'none', before: undefined },
  { name: 'one with Hosts', before: 'Host a\r\n' },
  { name: 'both, in lines of the user', before: `Include vmssh.conf\nInclude ${whole}\n`, stays: true },
])(
  'on Windows the Include names our file for each ssh: before it is $name',
  async ({ before, stays = false }) => {
    const io = fakeIo({ env, platform: 'win32' });
    const files = configFiles({ system: false }, io);
    const needed = await spellings(files, before ?? '', io);
    expect(hasInclude(before ?? '', needed)).toBe(stays);
    const after = withInclude(before, files.include, needed);
    if (stays) expect(after).toBe(before);
    else expect(after).toMatch(/^.*\r?\nInclude "\/Users\/me b\/\.ssh\/vmssh\.conf" vmssh\.conf\r?\n/);
    expect(hasInclude(after, needed)).toBe(true);
    expect(after.match(/vmssh\.conf/g)).toHaveLength(2);
    expect(withoutInclude(after, files.include)).toBe(before);
  },
);

it('elsewhere one name is enough, in any spelling', async () => {
  const io = fakeIo({ env, platform: 'linux' });
  const files = configFiles({ system: false }, io);
  expect(files.include).toEqual(['vmssh.conf']);
  for (const name of ['vmssh.conf', '~/.ssh/vmssh.conf', files.own, `"${files.own}"`]) {
    const main = `Include ${name}\n`;
    expect(hasInclude(main, await spellings(files, main, io))).toBe(true);
  }
});
