import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { missingPrograms } from '../helpers/programs.js';
import { run } from '../helpers/run.js';

const folder = 'dist/package';
const packages = (end: string) =>
  (existsSync(folder) ? readdirSync(folder) : []).filter((name) => name.endsWith(end));

/** All that they may complain of, and why it stays. */
const accepted = {
  lintian: {},
  rpmlint: {
    'statically-linked-binary': 'one program for all of Linux',
    'no-signature': 'it is signed by who publishes it',
    'no-group-tag': 'Fedora has no groups any more',
    'no-manual-page-for-binary': 'rpmlint 2.4 looks for the folder of the page, man1, in place of its name',
  },
};

describe('a package, by the checkers of distributions', () => {
  it.skipIf(missingPrograms({ lintian: 'lintian' })).each(packages('.deb'))('%s', async (name) => {
    const { stdout } = await run(['lintian', '--allow-root', join(folder, name)], { timeout: 600_000 });
    const tags = [...stdout.matchAll(/^[EWX]: vmssh(?:-sshd)?: (\S+)/gm)].map(([, tag]) => tag);
    expect([...new Set(tags)].toSorted()).toEqual(Object.keys(accepted.lintian).toSorted());
  });

  it.skipIf(missingPrograms({ rpmlint: 'rpmlint' })).each(packages('.rpm'))('%s', async (name) => {
    const command = ['rpmlint', '--config', 'test/packages/rpmlint.toml', join(folder, name)];
    const { stdout } = await run(command, { timeout: 600_000 });
    expect(stdout).toContain(' 1 packages and 0 specfiles checked');
    const tags = [...stdout.matchAll(/^vmssh\.\w+: [EW]: (\S+)/gm)].map(([, tag]) => tag);
    expect([...new Set(tags)].toSorted()).toEqual(Object.keys(accepted.rpmlint).toSorted());
  });
});
