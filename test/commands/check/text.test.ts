import { expect, it } from 'vitest';
import { ConnectError } from '../../../src/base/errors.js';
import { rowFormatter } from '../../../src/cli/rows.js';
import { examinationText } from '../../../src/commands/check/check.js';
import type { Examination } from '../../../src/commands/check/examine.js';
import { fakeIo } from '../../helpers/fake-io.js';

const terminal = { stdin: true, stdout: true, stderr: true };

async function shown(target: string, more: Partial<Examination>, at: Parameters<typeof fakeIo>[0]) {
  const io = fakeIo({ ...at, env: { HOME: '/home/ann', NO_COLOR: '1' } });
  const check = { stages: [], ...more.check, target };
  const examination = { code: 1, findings: [], suspects: [], ...more, check };
  return examinationText(examination, false, await rowFormatter(io), io)
    .split('\n')
    .slice(0, -1);
}

const failed = (problem: string, hint?: string, more: object = {}) => ({
  check: {
    target: '',
    stages: [],
    error: new ConnectError('resolve', 'web', { code: 'NOT_FOUND', problem, hint, ...more }),
  },
});

const print = `SHA256:${'x'.repeat(43)}`;
const start = { machine: 'web', command: ['podman', 'start', 'web'] };

it.each<[what: string, target: string, more: Partial<Examination>, want: readonly string[]]>([
  [
    'a machine that is off',
    'podman/web',
    failed('"web" is off', 'podman start web', { start }),
    ['✗ web is off', '  fix: podman start web'],
  ],
  [
    'a name that no machine has',
    'wbe',
    failed('no machine is called wbe: found "web", "db"', 'did you mean "web"?'),
    ['✗ wbe: no machine is called wbe. Did you mean web?'],
  ],
  [
    'a changed host key',
    'web',
    failed(
      `web has another host key than before: reinstalled, or not web: saved ${print} (2026-11-29), shown ${print}`,
      'if it was reinstalled: vmssh forget web',
    ),
    [
      '✗ web has another host key than before: reinstalled, or not web:',
      `  saved ${print} (2026-11-29),`,
      `  shown ${print}`,
      '  fix, if it was reinstalled: vmssh forget web',
    ],
  ],
  [
    'a key that is missing, without what the machine says of it',
    'web',
    {
      verdict: {
        name: 'login',
        state: 'failed',
        found:
          'sshd lets no key of yours in as root: Permission denied (publickey); ssh offers id ED25519 SHA256:AA',
        fix: 'vmssh setup --user root web',
      },
      guest: {
        into: { route: 'exec', host: 'root@podman/web' },
        ok: false,
        findings: [{ state: 'failed', name: 'key', found: 'root has no keys', by: 'guest' }],
      } as unknown as NonNullable<Examination['guest']>,
    },
    ['✗ web: sshd lets no key of yours in as root', '  fix: vmssh setup --user root web'],
  ],
  [
    'no key at home',
    'web',
    {
      verdict: {
        name: 'login',
        state: 'skipped',
        found:
          'you have no SSH key, and sshd lets no key of yours in as root, but would ask for a password: Permission denied (publickey,password); ssh has none to offer',
        fix: 'ssh-keygen -t ed25519',
      },
    },
    ['! web: you have no SSH key', '  fix: ssh-keygen -t ed25519'],
  ],
])('%s is an answer and what to type', async (_what, target, more, want) => {
  expect(await shown(target, more, { terminal, columns: 80 })).toEqual(want);
});
