import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { describeWindows } from '../bed/describe.js';
import { programs, workFile } from '../bed/paths.js';
import { runOnWindows, withHvsock } from '../bed/run.js';
import { workFolder } from '../bed/work-folder.js';

describeWindows('vmssh doctor --report', () => {
  const report = async (env: NodeJS.ProcessEnv) => {
    writeFileSync(join(workFolder(), 'doctor.tsv'), '86E0C1E9-782C-47E0-B7C2-99F8167F5178\tMint\t2\n');
    const openssh = { WINEPATH: 'C:\\windows\\system32\\OpenSSH', FAKE_SSH_ERR: 'OpenSSH_for_Windows_9.5p1' };
    const all = { ...env, ...openssh, FAKE_WMI: workFile('doctor.tsv') };
    return (await runOnWindows([...(programs['vmssh.exe'] ?? []), 'doctor', '--report'], { env: all }))
      .stdout;
  };

  it('reports of Windows what helps to find a fault, and no names', async () => {
    const text = await report(withHvsock({ PORT: '1', CONNECT: '10061' }));
    expect(text).toMatch(/^vmssh \S+ on its own executable, Windows[\w ]*, [\d.]+, x64\n/);
    expect(text.split('\n')).toEqual(
      expect.arrayContaining([
        '| ✓ | ssh | OpenSSH_for_Windows_9.5p1 |',
        '| ✓ | addon | it is in this program |',
        '| ✓ | hvsock | Windows has Hyper-V sockets; to itself: WSAECONNREFUSED |',
        '| ✓ | rights | this user is elevated |',
        '| – | services | Hyper-V socket services: 0 are registered |',
        '| ✓ | hyper-v | 1 machine |',
        '| – | wsl | 0 machines |',
      ]),
    );
    expect(text).not.toMatch(/Mint|86E0C1E9/i);
  });

  it('reports that there are no Hyper-V sockets', async () => {
    expect(await report(process.env)).toContain(
      '| ✗ | hvsock | this system has no Hyper-V sockets (WSAEAFNOSUPPORT) |',
    );
  });
});
