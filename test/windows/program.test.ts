import { expect, it } from 'vitest';
import { describeWindows } from './bed/describe.js';
import { programs } from './bed/paths.js';
import { runOnWindows } from './bed/run.js';

describeWindows('the programs', () => {
  it.each(Object.entries(programs))('%s starts and tells its version', async (_name, program) => {
    const { code, stdout, stderr } = await runOnWindows([...program, '--version']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(/^\d+\.\d+\.\d+/);
  });
});
