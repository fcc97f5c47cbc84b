import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { describeWindows } from '../bed/describe.js';
import { programs, workFile } from '../bed/paths.js';
import { runOnWindows, withHvsock } from '../bed/run.js';
import { workFolder } from '../bed/work-folder.js';

const id = '86E0C1E9-782C-47E0-B7C2-99F8167F5178';

describeWindows.each(Object.entries(programs))('--start by %s', (_name, program) => {
  it('has PowerShell start the machine by its id, and leaves nothing behind', async () => {
    const args = join(workFolder(), 'start.args');
    rmSync(args, { force: true });
    writeFileSync(join(workFolder(), 'start.tsv'), `${id}\tMint\t3\n`);
    const env = {
      ...withHvsock({ PORT: '1', CONNECT: '10049' }),
      FAKE_WMI: workFile('start.tsv'),
      FAKE_POWERSHELL_ARGS: workFile('start.args'),
      FAKE_POWERSHELL_OUT: workFile('none'),
    };
    const command = [...program, 'nc', '-b', '--start', '--wait=1', 'hyper-v/Mint'];
    const { code, stderr } = await runOnWindows(command, { env });
    expect(readFileSync(args, 'utf8')).toContain(`Get-VM -Id ${id.toLowerCase()} | Start-VM`);
    expect({ code, stderr }).toEqual({
      code: expect.any(Number),
      stderr: expect.not.stringContaining('ENOTEMPTY'),
    });
    const files = readdirSync(join(workFolder(), 'prefix/drive_c'), { recursive: true, encoding: 'utf8' });
    const left = files.filter((path) => /[\\/]te?mp[\\/]vmssh-/i.test(path));
    expect(left).toEqual([]);
  });
});
