import { describe, expect, it } from 'vitest';
import { makeGuestKeys } from '../../src/guest/credentials/keys.js';
import { machineKeys } from '../../src/ssh/machine-keys.js';
import { missingPrograms } from '../helpers/programs.js';
import { useTempDir } from '../helpers/temp-dir.js';

const missing = missingPrograms({ 'ssh-keygen': 'openssh-client' });

describe.skipIf(missing)('the key that guest credentials made', () => {
  const dir = useTempDir();
  const env = { HOME: dir, PATH: process.env.PATH };
  const machine = { provider: 'qemu', name: 'other', target: 'qemu/other' };
  const address = { text: 'vsock-mux/run/x.sock' };

  // By a ProxyCommand of the user's own, too.
  it.each([
    { name: 'its target', reached: { text: 'qemu/web' }, typed: 'qemu/web' },
    { name: 'its name, which led elsewhere', reached: { text: 'qemu/other', machine }, typed: 'web' },
    { name: 'its target, which led to an address', reached: address, typed: 'qemu/web' },
    { name: 'its target, which led elsewhere', reached: { text: 'qemu/other', machine }, typed: 'qemu%web' },
  ])('counts for whoever typed $name', async ({ reached, typed }) => {
    await makeGuestKeys('web', ['ssh-ed25519 AAAA me'], env);
    expect((await machineKeys(reached, { typed }, env)).made?.keys.name).toBe('web');
  });

  it('does not count for what is behind another hypervisor, or for an address', async () => {
    for (const text of ['via/hv1/qemu/web', address.text])
      expect((await machineKeys({ text }, { typed: text }, env)).made).toBeUndefined();
  });
});
