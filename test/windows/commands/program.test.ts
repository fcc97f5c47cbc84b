import { cpSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, inject, it } from 'vitest';
import { describeWindows } from '../bed/describe.js';
import { programs, repo, workFile } from '../bed/paths.js';
import { runOnWindows } from '../bed/run.js';

describeWindows('the programs', () => {
  it.each(Object.entries(programs))('%s starts and prints its version', async (_name, program) => {
    const { code, stdout, stderr } = await runOnWindows([...program, '--version']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(/^\d+\.\d+\.\d+/);
  });

  it('need no file beside the executable', async () => {
    const folder = join(inject('work'), 'by-itself');
    mkdirSync(folder);
    cpSync(join(repo, 'dist/win32-x64/vmssh.exe'), join(folder, 'vmssh.exe'));
    const command = [workFile('by-itself/vmssh.exe'), 'nc', '--banner', 'hvsock:LOOPBACK:vsock-22'];
    const { code, stderr } = await runOnWindows(command);
    expect(code).toBe(1);
    expect(stderr).toContain('this Windows has no Hyper-V sockets (WSAEAFNOSUPPORT)');
  });
});
