import { cpSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { describeWindows } from '../bed/describe.js';
import { programs, repo, workFile } from '../bed/paths.js';
import { runOnWindows } from '../bed/run.js';
import { workFolder } from '../bed/work-folder.js';

describeWindows('the programs', () => {
  it.each(Object.entries(programs))('%s starts and prints its version', async (_name, program) => {
    const { code, stdout, stderr } = await runOnWindows([...program, '--version']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(/^\d+\.\d+\.\d+/);
    const json = await runOnWindows([...program, '--version', '--json']);
    expect(JSON.parse(json.stdout)).toMatchObject({
      platform: 'win32-x64',
      commit: expect.stringMatching(/^[0-9a-f]{40}$/),
      features: expect.arrayContaining(['unix', 'native-relay']),
    });
  });

  it.each(Object.entries(programs))(
    '%s: hand on no argument in which half of a surrogate pair was replaced',
    async (_name, program) => {
      const { code, stderr } = await runOnWindows([...program, 'ssh', 'hyper-v/mint', 'echo', 'a\ufffd']);
      expect(code).toBe(255);
      expect(stderr).toMatch(/holds U\+FFFD or half of/);
    },
  );

  it.each(Object.entries(programs))('%s: refuse a USERPROFILE that is relative', async (_name, program) => {
    const env = { ...process.env, BRIDGE_HOME: 'profile' };
    const { code, stderr } = await runOnWindows([...program, 'config', 'print'], { env });
    expect([code, stderr]).toEqual([
      2,
      expect.stringMatching(/USERPROFILE is "profile", which is not an absolute/),
    ]);
  });

  it('load no library of Windows from the folder of the executable', async () => {
    const folder = join(workFolder(), 'planted');
    mkdirSync(folder);
    cpSync(join(repo, 'dist/win32-x64/vmssh.exe'), join(folder, 'vmssh.exe'));
    // None has what vmssh needs of them: it would not start, or fail at the first call.
    const names = 'ws2_32 ole32 oleaut32 advapi32 user32 bcrypt userenv version cryptbase';
    for (const name of names.split(' ')) cpSync(join(workFolder(), 'wbem.dll'), join(folder, `${name}.dll`));
    writeFileSync(join(workFolder(), 'machines.tsv'), '86E0C1E9-782C-47E0-B7C2-99F8167F5178\tMint\t2\n');
    const env = { ...process.env, FAKE_WMI: workFile('machines.tsv') };
    const command = [workFile('planted/vmssh.exe'), 'list', '-q'];
    expect(await runOnWindows(command, { env })).toMatchObject({ code: 0, stdout: 'Mint\n', stderr: '' });
  });

  it('need no file beside the executable', async () => {
    const folder = join(workFolder(), 'by-itself');
    mkdirSync(folder);
    cpSync(join(repo, 'dist/win32-x64/vmssh.exe'), join(folder, 'vmssh.exe'));
    const command = [workFile('by-itself/vmssh.exe'), 'nc', '--banner', 'hvsock:LOOPBACK:vsock-22'];
    const { code, stderr } = await runOnWindows(command);
    expect(code).toBe(1);
    expect(stderr).toContain('this system has no Hyper-V sockets (WSAEAFNOSUPPORT)');
  });
});
