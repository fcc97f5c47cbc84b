import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
import { beforeEach, describe, expect, it } from 'vitest';
import { editFile } from '../../../src/files/edit-file.js';
import type { Write } from '../../../src/hosts/write.js';
import { lacks } from '../../helpers/programs.js';
import { find, machine, named, useConfigHome } from './home.js';

// Without ssh nothing tells the user's StrictHostKeyChecking.
const noSsh = lacks('ssh');

const home = useConfigHome();
beforeEach(() => {
  home.write('config', 'Host a\n');
});
const theirs = 'Host mine\n    User ann\n';
const written = () => `Include ${home.own}\n\nHost a\n`;

/** Writes to a file just before each of its first writes. */
function interfering(path: string, times: number, act: () => void): Write {
  let left = times;
  return async (file, edit, mode) => {
    if (file === path && left-- > 0) act();
    return editFile(file, edit, mode);
  };
}

describe.skipIf(noSsh)('what another program writes to the main file meanwhile', () => {
  it('is kept by config install, while machines are asked for', async () => {
    let asked = 0;
    const to = home.io();
    const slow = async (...args: Parameters<typeof find>) => {
      if (asked++ === 0) appendFileSync(home.main, theirs);
      return find(...args);
    };
    expect(await home.install({}, to, slow)).toBe(0);
    expect(readFileSync(home.main, 'utf8')).toContain(`${written()}${theirs}`);
    expect(to.stdout).toEqual([
      '✓ Wrote ~/.local/state/vmssh/hosts.json, ~/.ssh/vmssh.conf\n',
      '✓ Wrote ~/.ssh/config\n',
    ]);
  });

  it('is kept by config install, just before it writes', async () => {
    const write = interfering(home.main, 1, () => appendFileSync(home.main, theirs));
    expect(await home.install({}, home.io(), find, write)).toBe(0);
    expect(readFileSync(home.main, 'utf8')).toContain(`${written()}${theirs}`);
  });

  it('is kept by config uninstall', async () => {
    await home.install();
    const write = interfering(home.main, 1, () => appendFileSync(home.main, theirs));
    expect(await home.uninstall(home.io(), write)).toBe(0);
    expect(readFileSync(home.main, 'utf8')).toBe(`Host a\n${theirs}`);
  });

  it('prints no message twice', async () => {
    const to = home.io();
    const nameless = { ...machine, name: '*', target: 'qemu/*' };
    const write = interfering(home.main, 2, () => appendFileSync(home.main, theirs));
    expect(await home.install({}, to, async () => ({ machines: [nameless], warnings: [] }), write)).toBe(0);
    expect(to.stderr).toEqual([expect.stringContaining('no Host for "*":')]);
  });

  it('is not changed if it keeps changing', async () => {
    let count = 0;
    const write = interfering(home.main, 100, () => writeFileSync(home.main, `Host ${count++}\n`));
    const to = home.io();
    expect(await home.install({}, to, find, write)).toBe(1);
    expect(readFileSync(home.main, 'utf8')).toBe(`Host ${count - 1}\n`);
    expect(to.stderr.join('')).toMatch(
      /config" was changed by another program, again and again\nhint: .*the command again/,
    );
  });
});

describe.skipIf(noSsh)('its own file', () => {
  it.each(['install', 'uninstall'] as const)(
    'that is edited meanwhile is not changed by config %s',
    async (act) => {
      await home.install();
      const write = interfering(home.own, 1, () => appendFileSync(home.own, theirs));
      const to = home.io();
      const code =
        act === 'install' ? home.install(named({ prefix: 'x' }), to, find, write) : home.uninstall(to, write);
      expect(await code).toBe(1);
      expect(readFileSync(home.own, 'utf8')).toContain(theirs);
      expect(to.stderr.join('')).toContain('it was edited since vmssh wrote it');
    },
  );
});
