import { mkdirSync, writeFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { accountOf, ownAccount } from '../../src/ssh/account.js';
import { lifeline } from '../helpers/lifeline.js';
import { useTempDir } from '../helpers/temp-dir.js';

const dir = useTempDir();
const { PATH } = process.env;
afterEach(() => {
  process.env.PATH = PATH;
});

/** Programs that are found before those of the system. */
function programs(name: string, scripts: Readonly<Record<string, string>>): string {
  const folder = join(dir, name);
  mkdirSync(folder);
  for (const [program, script] of Object.entries(scripts))
    writeFileSync(join(folder, program), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  return folder;
}

describe.skipIf(process.platform !== 'linux')('who calls', () => {
  const { username: name, homedir: home } = userInfo();

  it('is known by the password database', () => {
    expect(ownAccount()).toEqual({ name, home });
    expect(accountOf(process.getuid?.())).toEqual({ name, home });
  });

  it('is another user, or none', () => {
    expect(accountOf(0)).toEqual({ name: 'root', home: '/root' });
    expect(accountOf(0xffff_fff0)).toBeUndefined();
  });

  it('is not known if the database does not answer', async () => {
    const { hold, gone } = lifeline(join(dir, 'hangs.fifo'));
    process.env.PATH = `${programs('hangs', { getent: `${hold}; sleep 1000; echo` })}:${PATH}`;
    expect(accountOf(0, 1)).toBeUndefined();
    await gone;
  });

  it.each([
    { name: 'getent', scripts: { timeout: 'exit 127' } },
    { name: 'timeout', scripts: {} },
  ])('is known without $name', ({ name: missing, scripts }) => {
    process.env.PATH = programs(missing, scripts);
    expect(accountOf(process.getuid?.())).toEqual({ name, home });
  });
});
