import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { describeWindows } from '../bed/describe.js';
import { programs, workFile } from '../bed/paths.js';
import { runOnWindows, withHvsock } from '../bed/run.js';
import { workFolder } from '../bed/work-folder.js';

describeWindows.each(Object.entries(programs))('vmssh doctor by %s', (_name, program) => {
  const call = (...args: readonly string[]) => {
    writeFileSync(join(workFolder(), 'machines.tsv'), '86E0C1E9-782C-47E0-B7C2-99F8167F5178\tMint\t2\n');
    const env = { ...withHvsock({ PORT: '1', CONNECT: '10061' }), FAKE_WMI: workFile('machines.tsv') };
    return runOnWindows([...program, ...args], { env });
  };

  it('12: names a port that Windows does not know, and its fix registers it', async () => {
    const before = await call('doctor', '--port', '2222', 'hyper-v/Mint');
    expect(before.code).toBe(1);
    expect(before.stdout).toMatch(/✗ service-guid +Windows has no service of port 2222/);
    const fix = /fix: in an elevated terminal: \S.*? (service register 2222)\r?$/m.exec(before.stdout)?.[1];
    expect(await call(...(fix ?? '').split(' '))).toMatchObject({ code: 0, stderr: '' });
    const after = await call('doctor', '--port', '2222', 'hyper-v/Mint');
    expect(after.stdout).toMatch(/✗ connect/);
    expect(after.stdout).not.toContain('service-guid');
    expect(await call('service', 'unregister', '2222')).toMatchObject({ code: 0 });
  });
});
