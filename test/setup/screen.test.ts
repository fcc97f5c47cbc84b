import { expect, it } from 'vitest';
import type { Finding } from '../../src/guest/report.js';
import { setupScreen } from '../../src/setup/screen.js';
import type { SetupPlan } from '../../src/setup/steps.js';
import { fakeIo } from '../helpers/fake-io.js';

const changed = (name: string, found: string): Finding => ({ name, state: 'changed', found });

const planOf = (name: string, more: readonly Finding[] = []) =>
  ({
    ...{ name, host: name, setup: { machine: { provider: 'podman' } }, found: { login: { user: 'root' } } },
    steps: [
      ...more,
      changed('key', 'the key goes into /root/.ssh/authorized_keys of root: /home/ann/.ssh/id (SHA256:x)'),
      changed('host-key', 'its manager reads it in the machine, and it is pinned'),
      changed('config', `Host ${name}: User root; in /home/ann/.ssh/vmssh.conf, /home/ann/.ssh/config`),
    ],
  }) as unknown as SetupPlan;

async function screenOf(names: readonly string[], undo = false) {
  const io = fakeIo({ env: { HOME: '/home/ann' } });
  const screen = await setupScreen({ names, undo, verbose: false }, io);
  return { screen, lines: () => io.stdout.join('').split('\n').slice(0, -1) };
}

it('the plan of two machines has what is the same once, and what was done names the machine', async () => {
  const { screen, lines } = await screenOf(['web', 'db']);
  screen.planned([planOf('web', [changed('sshd', 'apt installs it')]), planOf('db')], false);
  screen.begin('web');
  screen.show(changed('key', '1 put into /root/.ssh/authorized_keys of root'));
  screen.show(changed('config', 'Host web: User root; in /home/ann/.ssh/vmssh.conf'));
  screen.show(changed('host-key', 'ssh-ed25519 SHA256:x is pinned, as its manager reads it in the machine'));
  screen.show(changed('sshd', 'installed'));
  expect(lines()).toEqual([
    'Set up ssh web and ssh db  (podman, login as root)',
    '  + sshd       apt installs it (web)',
    '  + your key   ~/.ssh/id → web:/root/.ssh/authorized_keys, db:/root/.ssh/authorized_keys',
    '  + host key   read inside web, db and saved here',
    '  + ssh entry  web, db in ~/.ssh/vmssh.conf, ~/.ssh/config',
    '  Details: -v     To take it back: --undo',
    '✓ Added your key for root in web',
    '✓ Wrote ~/.ssh/vmssh.conf',
    '✓ Saved the host key of web',
    '✓ web  sshd: installed',
  ]);
});

it('an undo says what goes, and in which machine', async () => {
  const { screen, lines } = await screenOf(['web'], true);
  const steps = [
    changed('undo', '/root/.ssh/authorized_keys (added) is taken back'),
    changed('host-key', 'it is forgotten'),
    changed('config', 'its Host has no User root any more'),
  ];
  screen.begin('web');
  screen.planned([{ ...planOf('web'), steps }], false);
  screen.show(changed('undo', '/root/.ssh/authorized_keys removed'));
  screen.show(changed('host-key', 'it is forgotten'));
  screen.show(changed('config', 'its Host has no User root any more'));
  expect(lines()).toEqual([
    'Undo the setup of web',
    '  - inside     web:/root/.ssh/authorized_keys',
    '  - host key   the saved one of web',
    '  - ssh entry  User root of web',
    '✓ Removed web:/root/.ssh/authorized_keys',
    '✓ Forgot the host key of web',
    '✓ ssh web no longer logs in as root',
  ]);
});

it('what keeps a plan from being carried out names the machine', async () => {
  const { screen, lines } = await screenOf(['web', 'db']);
  screen.begin('db');
  screen.show({ name: 'way', state: 'failed', found: 'it is off', fix: 'podman start db' });
  screen.refused(['db']);
  expect(lines()).toEqual(['✗ db is off', '  fix: podman start db', 'Nothing was changed. Leave out db']);
});
