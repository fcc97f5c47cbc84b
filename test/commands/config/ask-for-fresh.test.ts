import { describe, expect, it } from 'vitest';
import { type Ask, askForFresh } from '../../../src/commands/config/ask-for-fresh.js';
import type { ConfigOptions } from '../../../src/hosts/options.js';
import { configFiles } from '../../../src/hosts/places.js';
import { missingAddon } from '../../helpers/addon.js';
import { fakeIo } from '../../helpers/fake-io.js';
import { configDefaults, useConfigHome } from './home.js';

const terminal = { stdin: true, stdout: true, stderr: true };
const pipe = { ...terminal, stdin: false };
const asBefore = { ...configDefaults, asBefore: true };

describe.skipIf(missingAddon())('the question whether to keep the Hosts fresh', () => {
  const home = useConfigHome();
  const asked = async (
    options: Partial<ConfigOptions> = {},
    answer: string | undefined = 'yes',
    at = terminal,
    hasSystemd = false,
  ) => {
    let times = 0;
    const ask: Ask = async () => {
      times++;
      return answer;
    };
    const io = fakeIo({ env: { HOME: home.path, TERM: 'xterm' }, terminal: at });
    const files = configFiles({ system: false }, io, undefined, () => hasSystemd);
    return {
      says: await askForFresh({ ...asBefore, ...options }, io, files, ask),
      times,
      said: io.stderr.join(''),
    };
  };

  it.each([
    { answer: 'yes', says: true },
    { answer: 'no', says: false },
  ])('gives $says for $answer', async ({ answer, says }) => {
    expect(await asked({}, answer)).toMatchObject({ says, times: 1 });
  });

  it('ends the command if the user leaves', async () => {
    const none: Ask = async () => undefined;
    const io = fakeIo({ env: { HOME: home.path, TERM: 'xterm' }, terminal });
    expect(await askForFresh(asBefore, io, configFiles({ system: false }, io), none)).toBe('left');
  });

  it('says what writes them: a systemd unit only if there is systemd', async () => {
    expect((await asked()).said).toMatch(
      /^Machines come and go: .*list and .*ssh can keep ssh's list of them up to date\.\n$/,
    );
    expect((await asked({}, 'yes', terminal, true)).said).toContain(', and so can systemd.');
  });

  it.each([true, false])('is not asked again after the answer %s', async (fresh) => {
    await home.install({ ...asBefore, fresh });
    expect(await asked()).toMatchObject({ says: undefined, times: 0, said: '' });
  });

  it('is asked of those whose file is from a run in a pipe', async () => {
    await home.install(asBefore);
    expect(await asked()).toMatchObject({ says: true, times: 1 });
  });

  it.each([
    { name: 'in a pipe', options: {}, at: pipe },
    { name: 'for patterns only', options: { onlyPatterns: true, asBefore: false }, at: terminal },
    { name: 'for all users', options: { system: true }, at: terminal },
  ])('is not asked $name', async ({ options, at }) => {
    expect(await asked(options, 'yes', at)).toMatchObject({ says: undefined, times: 0, said: '' });
  });

  it('is not asked if vmssh.conf is not written anyway', async () => {
    home.write('vmssh.conf', 'Host a\n');
    expect(await asked()).toMatchObject({ says: undefined, times: 0 });
  });
});
