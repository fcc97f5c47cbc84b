import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { missingRoot } from '../helpers/other-user.js';
import { missingPrograms } from '../helpers/programs.js';
import { run } from '../helpers/run.js';
import { ensureRoot } from '../vm/images/cache.js';

const cannot =
  missingRoot('a fresh Debian') ?? missingPrograms({ mmdebstrap: 'mmdebstrap', unshare: 'util-linux' });

/** All clients, and Debian's own Node for the tests. */
const packages = readFileSync(new URL('packages.txt', import.meta.url), 'utf8')
  .split('\n')
  .filter((line) => line !== '' && !line.startsWith('#'));

describe.skipIf(cannot)('a fresh Debian 13', () => {
  it('has each client log in by host and port to the right one of three machines, and to no other', async () => {
    const root = join(await ensureRoot('trixie', [...packages, 'nodejs'], console.error), 'root');
    const here = resolve('.');
    const within = ['unshare', '-m', 'sh', join(here, 'test/packages/in-root.sh'), root, here, '--'];
    const clean = ['/usr/bin/env', '-i', '-C', here, 'HOME=/root', 'LC_ALL=C.UTF-8', `PATH=${path}`];
    const vitest = ['node', 'node_modules/vitest/vitest.mjs', 'run', '--config', config];
    const { code, stdout, stderr } = await run([...within, ...clean, ...vitest], { timeout: 900_000 });
    console.log(`${stdout}${stderr}`);
    expect(code).toBe(0);
  }, 1_200_000);
});

const path = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
const config = 'test/clients/fresh-root/vitest.config.ts';
