import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { ListJson } from '../../../src/commands/list/output.js';
import { describeWindows } from '../bed/describe.js';
import { programs, workFile } from '../bed/paths.js';
import { startPeer } from '../bed/peer.js';
import { runOnWindows, withHvsock } from '../bed/run.js';
import { workFolder } from '../bed/work-folder.js';

interface Row {
  readonly id: string;
  readonly name: string;
  readonly state: number;
}
const mint = { id: '86E0C1E9-782C-47E0-B7C2-99F8167F5178', name: 'Mint', state: 2 };
const japanese = `{"Name":"${mint.id}","ElementName":"日本","EnabledState":2}`;
const host = { id: 'DESKTOP-1', name: 'DESKTOP-1', state: 2 };

/** The environment in which WMI answers with these rows. */
function wmi(rows: readonly Row[]): NodeJS.ProcessEnv {
  const text = rows.map(({ id, name, state }) => `${id}\t${name}\t${state}\n`).join('');
  writeFileSync(join(workFolder(), 'machines.tsv'), text);
  return { ...process.env, FAKE_WMI: workFile('machines.tsv') };
}

/** The environment in which WMI fails and PowerShell prints this. */
function powershell(out: string | Buffer, more: NodeJS.ProcessEnv = {}): NodeJS.ProcessEnv {
  writeFileSync(join(workFolder(), 'powershell.out'), out);
  const fake = {
    FAKE_POWERSHELL_OUT: workFile('powershell.out'),
    FAKE_POWERSHELL_ARGS: workFile('powershell.args'),
  };
  return { ...process.env, FAKE_WMI_HR: '80041001', ...fake, ...more };
}

describeWindows.each(Object.entries(programs))('vmssh list by %s', (_name, program) => {
  const list = async (env: NodeJS.ProcessEnv, ...args: readonly string[]) => {
    const { code, stdout, stderr } = await runOnWindows([...program, 'list', '--provider=hyper-v', ...args], {
      env,
    });
    return { code, stderr, json: args.length === 0 ? undefined : stdout, stdout };
  };
  const json = async (env: NodeJS.ProcessEnv) => {
    const { stdout, code } = await list(env, '--json');
    expect(code).toBe(0);
    return JSON.parse(stdout) as ListJson;
  };

  it('prints no line for the host only', async () => {
    expect(await list(wmi([host]))).toMatchObject({ code: 0, stdout: '', stderr: '' });
  });

  it('prints STATUS NAME TARGET, running machines first', async () => {
    const rows = [host, { ...mint, id: mint.id.replace('86', '87'), name: 'Win11', state: 6 }, mint];
    const { stdout } = await list(wmi(rows));
    expect(stdout).toBe('running\tMint\thyper-v/Mint\thyper-v\nsaved\tWin11\thyper-v/Win11\thyper-v\n');
  });

  it('prints what -r, -q and --ids ask for', async () => {
    const off = { id: mint.id.replace('86', '87'), name: 'Off One', state: 3 };
    const env = wmi([mint, off]);
    expect((await list(env, '-r')).stdout).toBe('running\tMint\thyper-v/Mint\thyper-v\n');
    expect((await list(env, '-q')).stdout).toBe('Mint\nOff One\n');
    expect((await list(env, '-i', '-q')).stdout).toBe(
      [mint, off].map(({ id }) => `${id.toLowerCase()}\n`).join(''),
    );
  });

  it('lets WMI act as this user through each proxy, that of the rows too', async () => {
    rmSync(join(workFolder(), 'wmi.log'), { force: true });
    await list({ ...wmi([mint]), FAKE_WMI_LOG: workFile('wmi.log') });
    const log = readFileSync(join(workFolder(), 'wmi.log'), 'utf8');
    expect(log).toMatch(/^security of the services\nSELECT .*\nsecurity of the rows\n/m);
  });

  it('lists names in Japanese, with spaces, and twice', async () => {
    const names = ['日本語の機械', 'Windows 11 dev', 'Twin', 'TWIN'];
    const rows = names.map((name, i) => ({ id: mint.id.replace('86', `1${i}`), name, state: 2 }));
    const { machines, warnings } = await json(wmi(rows));
    const targets = Object.fromEntries(machines.map(({ name, target }) => [name, target]));
    expect(targets).toEqual({
      日本語の機械: 'hyper-v/日本語の機械',
      'Windows 11 dev': 'hyper-v/Windows-11-dev',
      Twin: `hyper-v/${rows[2]?.id.toLowerCase()}`,
      TWIN: `hyper-v/${rows[3]?.id.toLowerCase()}`,
    });
    expect(warnings).toEqual([]);
  });

  it('prints UTF-8 into a file of cmd', async () => {
    const env = wmi([{ ...mint, name: 'Jörg 日本' }]);
    const line = `${program.join(' ')} list --provider=hyper-v -q`;
    writeFileSync(join(workFolder(), 'list.cmd'), `@${line} > Z:\\mnt\\work\\list.txt\r\n`);
    await runOnWindows(['C:\\windows\\system32\\cmd.exe', '/d', '/c', workFile('list.cmd')], { env });
    expect(readFileSync(join(workFolder(), 'list.txt'), 'utf8')).toBe('Jörg 日本\n');
  });

  it('lists 200 machines', async () => {
    const rows = Array.from({ length: 200 }, (_, i) => ({
      id: mint.id.replace('86E0', (i + 4096).toString(16)),
      name: `vm ${i}`,
      state: i % 2 ? 2 : 3,
    }));
    const { machines } = await json(wmi([host, ...rows]));
    expect(machines).toHaveLength(200);
    expect(new Set(machines.map(({ uuid }) => uuid)).size).toBe(200);
    expect(machines.filter(({ status }) => status === 'running')).toHaveLength(100);
  });

  it('gives up an answer without end', async () => {
    const { code, stdout, stderr } = await list({ ...wmi([mint]), FAKE_WMI_ENDLESS: '1' });
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toContain('warning: hyper-v: WMI lists more than 10000 machines');
  });

  it('gives up at the limit of the provider an answer that keeps a processor busy', async () => {
    const busy = { ...wmi([mint]), FAKE_WMI_ENDLESS: '1', FAKE_WMI_BUSY: '50' };
    const { code, stdout, stderr } = await list(busy);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toContain('warning: hyper-v: did not answer within 8 s (TIMEOUT)');
  });

  it('leaves out a machine whose name has no end, and lists the others', async () => {
    const other = { ...mint, id: mint.id.replace('86', '87'), name: 'other' };
    const { code, stdout, stderr } = await list({ ...wmi([mint, other]), FAKE_WMI_LONG: '1000000' }, '-q');
    expect({ code, stdout }).toEqual({ code: 0, stdout: 'other\n' });
    expect(stderr).toMatch(/^.*warning: hyper-v: .*a name of over 256 characters, .* \(TOO_LONG\)\n$/);
  });

  it('says that an elevated user lacks rights, and how to get them', async () => {
    const { code, stdout, stderr } = await list({ ...process.env, FAKE_WMI_HR: '80041003' });
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toMatch(
      /warning: hyper-v: .*\(Add-LocalGroupMember -SID S-1-5-32-578 -Member \S*root; .* \(NO_RIGHTS\)/,
    );
  });

  it('says that Hyper-V is not enabled on a Windows without it', async () => {
    const stderr = expect.stringContaining('hyper-v: Hyper-V is not enabled on this Windows: enable it and');
    expect(await list({ ...process.env })).toMatchObject({ code: 1, stdout: '', stderr });
  });

  it.each([
    { name: 'one object', out: japanese },
    { name: 'a list with a byte order mark', out: `\ufeff[${japanese}]\r\n` },
  ])('asks PowerShell if WMI fails: $name', async ({ out }) => {
    rmSync(join(workFolder(), 'powershell.args'), { force: true });
    const { machines } = await json(powershell(out));
    expect(machines).toMatchObject([{ name: '日本', target: 'hyper-v/日本', status: 'running' }]);
    const args = readFileSync(join(workFolder(), 'powershell.args'), 'utf8').split('\n');
    expect(args.slice(0, 3)).toEqual(['-NoProfile', '-NonInteractive', '-Command']);
  });

  it.each([
    { name: 'prints nothing', env: {}, says: 'powershell.exe printed nothing' },
    { name: 'fails', env: { FAKE_POWERSHELL_CODE: '1', FAKE_POWERSHELL_ERR: 'denied' }, says: 'denied' },
  ])('does not report an empty list if PowerShell $name', async ({ env, says }) => {
    const { code, stdout, stderr } = await list(powershell('', env));
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toContain(says);
    expect(stderr).toContain('WBEM_E_FAILED');
  });
});

describeWindows('vmssh check --until=resolved on Windows', () => {
  const resolve = (target: string, env: NodeJS.ProcessEnv) =>
    runOnWindows([...(programs['vmssh.exe'] ?? []), 'check', '--until=resolved', '--json', target], { env });
  const address = `hvsock:${mint.id.toLowerCase()}:00000016-facb-11e6-bd58-64006a7986d3`;

  it.each(['hyper-v/mint', 'hyper-v/MINT', `hyper-v/${mint.id}`, mint.id, `{${mint.id}}`])(
    'finds %s',
    async (target) => {
      const { code, stdout } = await resolve(target, wmi([host, mint]));
      expect({ code, address: JSON.parse(stdout).results[0].address }).toEqual({ code: 0, address });
    },
  );

  it.each([
    { target: 'hyper-v/日本語の機械', name: '日本語の機械' },
    { target: 'hyper-v/Windows 11 dev', name: 'Windows 11 dev' },
    { target: 'hyper-v/windows-11-dev', name: 'Windows 11 dev' },
  ])('finds $target', async ({ target, name }) => {
    const { code, stdout } = await resolve(target, wmi([host, { ...mint, name }]));
    expect({ code, address: JSON.parse(stdout).results[0].address }).toEqual({ code: 0, address });
  });

  it('lists the ids of machines of one name', async () => {
    const twin = { ...mint, id: mint.id.replace('86', '87'), name: 'MINT', state: 3 };
    const { code, stdout } = await resolve('hyper-v/mint', wmi([mint, twin]));
    expect(code).toBe(4);
    const { problem, hint } = JSON.parse(stdout).results[0].error;
    expect(`${problem}\n${hint}`).toContain(
      `"hyper-v/${mint.id.toLowerCase()}" or "hyper-v/${twin.id.toLowerCase()}"`,
    );
  });

  it('leads to the machine that has the name now, though its names were swapped after a login', async () => {
    const port = await startPeer((socket) => socket.end('SSH-2.0-fake\r\n'));
    const other = { ...mint, id: mint.id.replace('86', '87'), name: 'prod' };
    rmSync(join(workFolder(), 'hvsock.log'), { force: true });
    const fakes = { PORT: port, LOG: workFile('hvsock.log') };
    const login = (rows: readonly Row[]) =>
      runOnWindows([...(programs['vmssh.exe'] ?? []), 'nc', '--banner', 'hyper-v/mint'], {
        env: { ...wmi(rows), ...withHvsock(fakes) },
      });
    expect((await login([mint, other])).code).toBe(0);
    const swapped = [
      { ...mint, name: 'prod' },
      { ...other, name: 'Mint' },
    ];
    expect((await login(swapped)).code).toBe(0);
    const calls = readFileSync(join(workFolder(), 'hvsock.log'), 'latin1');
    const connects = [...calls.matchAll(/connect 22000000(.{8})/g)].map(([, data1]) => data1);
    expect(connects).toEqual(['e9c1e086', 'e9c1e087']);
  });

  it('goes nowhere by name if Windows does not tell its names, even after a login', async () => {
    expect((await resolve('hyper-v/mint', wmi([mint]))).code).toBe(0);
    const silent = { ...process.env, FAKE_WMI_HR: '80041003' };
    expect(await resolve('hyper-v/mint', silent)).toMatchObject({
      code: 1,
      stdout: expect.not.stringMatching(/86e0c1e9/i),
    });
  });
});
