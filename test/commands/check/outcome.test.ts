import { join } from 'node:path';
import { expect, it } from 'vitest';
import { ConnectError } from '../../../src/base/errors.js';
import { codeOf, loginFix } from '../../../src/commands/check/outcome.js';
import type { Finding } from '../../../src/guest/report.js';
import { parseTarget } from '../../../src/kinds/kinds.js';
import { fakeIo } from '../../helpers/fake-io.js';
import { eachRow } from '../../helpers/tables/rows.js';
import { useSource, useTempDir, writeTree } from '../../helpers/temp-dir.js';

const row = (name: string, state: Finding['state']): Finding => ({ name, state, found: 'x' });
const inside = (...names: readonly string[]) => ({
  findings: names.map((name) => row(name, 'failed')),
  ok: false,
});
const silent = new ConnectError('handshake', 'web', { code: 'NO_BANNER', problem: 'x' });

eachRow<{ login: Finding['state']; guest?: ReturnType<typeof inside>; error?: ConnectError; code: number }>({
  'a login': { login: 'ok', code: 0 },
  'a login, and a fault inside': { login: 'ok', guest: inside('name-lookup'), code: 1 },
  'a password, by a road without a look inside': { login: 'skipped', code: 0 },
  'a password, where the manager sees that the key is missing': {
    login: 'skipped',
    guest: inside('key'),
    code: 0,
  },
  'a password of an account that sshd refuses': { login: 'skipped', guest: inside('login'), code: 1 },
  'a password, and another fault': { login: 'skipped', guest: inside('key', 'name-lookup'), code: 1 },
  'a look that ended': { login: 'skipped', guest: inside(), code: 1 },
  'a refusal': { login: 'failed', guest: inside('key'), code: 1 },
  'no banner': { login: 'failed', error: silent, code: 3 },
  'no banner to the check, and a login': { login: 'ok', error: silent, code: 0 },
})('the exit code of $name', ({ login, guest, error, code }) => {
  const verdict = row('login', login);
  expect(codeOf({ error, verdict, findings: [verdict], guest })).toBe(code);
});

const dir = useTempDir();
const { signal } = new AbortController();

it.each<{ by: string; kept?: object; want: string | undefined; message?: string }>([
  {
    by: 'a password, with a command alone',
    want: 'if you know the password of ann: vmssh setup --user ann web',
  },
  {
    by: 'words alone, where setup was',
    kept: { name: 'web', target: 'mine/web', provider: 'mine', login: { user: 'ann' } },
    want: 'setup put your key there: the log of its sshd, on its console, has the reason',
  },
  { by: 'nothing, where a password is not taken', message: 'Permission denied (publickey)', want: undefined },
])(
  'a refused login is mended by $by',
  async ({ kept, want, message = 'Permission denied (publickey,password)' }) => {
    const row = { name: 'web', status: 'running', address: `unix${dir}/none` };
    useSource(dir, 'mine', `echo '${JSON.stringify({ version: 1, machines: [row] })}'`, { folder: dir });
    const state = JSON.stringify({ version: 2, options: {}, program: [], machines: kept ? [kept] : [] });
    writeTree(dir, { 'state/vmssh/hosts.json': state });
    const env = { PATH: '/bin', HOME: dir, XDG_STATE_HOME: join(dir, 'state'), XDG_RUNTIME_DIR: dir };
    const means = { text: 'mine/web', parsed: parseTarget('mine/web'), port: 22, user: 'ann' };
    expect(await loginFix('web', means, message, false, fakeIo({ env }), signal)).toBe(want);
  },
);
