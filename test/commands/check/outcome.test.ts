import { expect } from 'vitest';
import { codeOf } from '../../../src/commands/check/outcome.js';
import { ConnectError } from '../../../src/errors.js';
import type { Finding } from '../../../src/guest/report.js';
import { eachRow } from '../../helpers/tables/rows.js';

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
