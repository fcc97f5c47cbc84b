import type { Addon, HyperVMachine as Row } from 'node-hvsock-native';
import { describe, expect, it } from 'vitest';
import type { Rights } from '../../../src/sources/hyper-v/hyper-v.js';
import {
  askPowerShell,
  hyperVAddresses,
  listHyperV,
  parseRows,
} from '../../../src/sources/hyper-v/hyper-v.js';
import {
  findHyperV,
  listFrom,
  listHyperVMachines,
  reportedAddress,
  toHyperVMachines,
} from '../../../src/sources/hyper-v/source.js';
import { DiscoveryError } from '../../../src/sources/source.js';
import { isHostName } from '../../../src/typed/names.js';
import type { Guid } from '../../../src/typed/numbers.js';

const mint = '86e0c1e9-782c-47e0-b7c2-99f8167f5178' as Guid;
const win = '00112233-4455-6677-8899-aabbccddeeff' as Guid;

/** An addon whose WMI says so; `rights`: what this user may do. */
function wmi(answer: readonly Row[] | { code: string }, rights: Partial<Rights> = { elevated: true }) {
  const promise =
    'code' in answer ? Promise.reject(Object.assign(new Error('below'), answer)) : Promise.resolve(answer);
  promise.catch(() => {});
  const addon = {
    hyperVMachines: () => ({ promise, cancel: () => {} }),
    hyperVRights: () => ({ elevated: false, hyperVAdministrator: false, ...rights }),
  } as unknown as Addon;
  return { native: () => ({ addon }), powershell: noPowerShell };
}
const noPowerShell = async () => {
  throw new DiscoveryError('PROTOCOL', 'powershell.exe printed nothing');
};
const host = { id: 'DESKTOP-1', name: 'DESKTOP-1', state: 2 };
const deps = { env: {} };

describe('listHyperV', () => {
  it('leaves out the host, and reads ids', async () => {
    const rows = [host, { id: mint.toUpperCase(), name: 'Mint', state: 2 }];
    expect(await listHyperV(deps, wmi(rows))).toEqual([{ id: mint, name: 'Mint', status: 'running' }]);
  });

  it.each([
    { status: 'running', states: [2] },
    { status: 'off', states: [3] },
    { status: 'stopping', states: [4, 32773, 32774] },
    { status: 'saved', states: [6, 32769] },
    { status: 'paused', states: [9, 32768, 32776] },
    { status: 'starting', states: [10, 32770, 32777] },
    { status: 'unknown', states: [5] },
  ])('calls EnabledState $states $status', async ({ states, status }) => {
    const found = await listHyperV(deps, wmi(states.map((state) => ({ id: mint, name: 'a', state }))));
    expect(found.map((each) => each.status)).toEqual(states.map(() => status));
  });

  it('takes an empty list for no machines if this user may see them', async () => {
    expect(await listHyperV(deps, wmi([host]))).toEqual([]);
  });

  it.each([
    { name: 'an empty list without rights', from: wmi([], {}), code: 'NO_RIGHTS' },
    { name: 'access denied', from: wmi({ code: 'WBEM_E_ACCESS_DENIED' }), code: 'NO_RIGHTS' },
    { name: 'no namespace', from: wmi({ code: 'WBEM_E_INVALID_NAMESPACE' }), code: 'NO_HYPERV' },
    { name: 'no answer in time', from: wmi({ code: 'ETIMEDOUT' }), code: 'TIMEOUT' },
    { name: 'an answer without end', from: wmi({ code: 'EMSGSIZE' }), code: 'PROTOCOL' },
    { name: 'a failure of both', from: wmi({ code: 'REGDB_E_CLASSNOTREG' }), code: 'REGDB_E_CLASSNOTREG' },
  ])('reports $name', async ({ from, code }) => {
    await expect(listHyperV(deps, from)).rejects.toMatchObject({ name: 'DiscoveryError', code });
  });

  it.each([
    ['a plain user', {}, /^join .*in an elevated PowerShell: .*use an elevated terminal$/],
    ['an elevated user', { elevated: true }, /^join (?!.*(in|use) an elevated)/],
    ['a member', { hyperVAdministrator: true }, /already.*sc query vmms$/],
  ])('tells $0 what is missing', async (_name, rights, hint) => {
    const from = wmi({ code: 'WBEM_E_ACCESS_DENIED' }, rights);
    const refused = { code: 'NO_RIGHTS', hint: expect.stringMatching(hint) };
    await expect(listHyperV({ env: { USERNAME: 'me' } }, from)).rejects.toMatchObject(refused);
  });

  it('asks PowerShell if WMI fails by itself', async () => {
    const powershell = async () => [{ id: mint, name: 'Mint', state: 3 }];
    const from = { ...wmi({ code: 'WBEM_E_FAILED' }), powershell };
    expect(await listHyperV(deps, from)).toEqual([{ id: mint, name: 'Mint', status: 'off' }]);
  });
});

describe('a listed machine', () => {
  const machine = (name: string, id = mint) => ({ id, name, status: 'running' as const });
  const targets = (...machines: ReturnType<typeof machine>[]) =>
    toHyperVMachines(machines).map(({ target }) => target);

  it.each([
    { name: 'Mint', target: 'hyper-v/Mint' },
    { name: 'Windows 11 dev', target: 'hyper-v/Windows-11-dev' },
    { name: '開発機', target: 'hyper-v/開発機' },
    { name: 'a;b', target: 'hyper-v/a-b' },
    { name: 'user@x', target: 'hyper-v/user-x' },
    { name: 'web:1', target: 'hyper-v/web-1' },
    { name: 'a\u202eb', target: 'hyper-v/a-b' },
    { name: '???', target: `hyper-v/${mint}` },
    { name: '..', target: `hyper-v/${mint}` },
    { name: win, target: `hyper-v/${mint}` },
  ])('called $name is $target to ssh', ({ name, target }) => {
    expect(targets(machine(name))).toEqual([target]);
    expect(isHostName(target)).toBe(true);
  });

  it('uses its id if its name also means another one', () => {
    expect(targets(machine('Mint'), machine('MINT', win))).toEqual([`hyper-v/${mint}`, `hyper-v/${win}`]);
    expect(targets(machine('a b'), machine('a-b', win))).toEqual([`hyper-v/${mint}`, `hyper-v/${win}`]);
  });

  it('called as the id of another one, or of one that is gone, is not found by that', async () => {
    const find = (name: string, all: ReturnType<typeof machine>[]) => findHyperV(name, deps, async () => all);
    const evil = machine(win);
    expect(await find(win, [evil, machine('Win', win)])).toMatchObject({ machine: { name: 'Win' } });
    expect(await find(win, [evil])).toMatchObject({ outcome: 'unknown' });
  });

  it('is found in any case, by its name, slug or id', async () => {
    const list = async () => [machine('Mint 22'), machine('Win', win)];
    const found = { outcome: 'found', machine: { target: 'hyper-v/Mint-22', uuid: mint } };
    for (const name of ['MINT 22', 'mint-22', `{${mint.toUpperCase()}}`])
      expect(await findHyperV(name, deps, list)).toMatchObject(found);
    const late = () => Promise.reject(new DiscoveryError('TIMEOUT', 'WMI did not answer in time'));
    expect(await findHyperV('x', deps, late)).toMatchObject({ outcome: 'unavailable', code: 'TIMEOUT' });
    const denied = () => Promise.reject(new DiscoveryError('NO_RIGHTS', 'no', { hint: 'join them' }));
    const unavailable = { outcome: 'unavailable', hint: 'join them' };
    expect(await findHyperV('x', deps, denied)).toMatchObject(unavailable);
  });

  it('has the address that its guest reported, asked of PowerShell or, inside WSL, of vmssh.exe', async () => {
    const calls: (readonly string[])[] = [];
    const run = (answer: string) => async (_: string, args: readonly string[]) => {
      calls.push(args);
      return answer;
    };
    const printed = 'fe80::1\r\n2001:db8::5\r\n172.20.1.5';
    expect(await reportedAddress(mint, deps, 'win32', run(printed))).toBe('172.20.1.5');
    expect(await reportedAddress(mint, deps, 'win32', run(''))).toBeUndefined();
    const wsl = { env: { VMSSH_WINDOWS: '/mnt/c/vmssh.exe' } };
    const answer = JSON.stringify({ machines: [{ name: 'Mint', address: '172.20.1.5' }] });
    expect(await reportedAddress(mint, wsl, 'linux', run(answer))).toBe('172.20.1.5');
    expect(calls.at(-1)).toEqual(['list', '--json', '-o', 'address', '--provider=hyper-v', mint]);
    expect(await reportedAddress('no id', wsl, 'linux', run(''))).toBeUndefined();
    expect(await reportedAddress(mint, { env: {} }, 'linux', run(''))).toBeUndefined();
  });

  it('is asked of Windows only inside WSL', async () => {
    const nowhere = { env: {}, procDir: '/proc/none' };
    expect(await listFrom(nowhere, 'linux')).toEqual({ found: [], warnings: [] });
  });

  it('is replaced by a warning if the user may not see it, or if there is no Hyper-V', async () => {
    const denied = await listHyperVMachines(deps, wmi([], {}));
    expect(denied).toMatchObject({ found: [], warnings: [{ provider: 'hyper-v', code: 'NO_RIGHTS' }] });
    expect(denied.warnings[0]?.problem).toContain('Hyper-V Administrators');
    const none = await listHyperVMachines(deps, wmi({ code: 'WBEM_E_INVALID_NAMESPACE' }));
    const [{ code, problem } = {}] = none.warnings;
    expect([code, problem]).toEqual([
      'NO_HYPERV',
      expect.stringMatching(/^Hyper-V is not enabled on this Windows: /),
    ]);
  });
});

describe('the addresses of a guest', () => {
  const ask = (answer: string) => {
    const scripts: string[] = [];
    const run = async (_program: string, args: readonly string[]) => {
      scripts.push(args.at(-1) ?? '');
      return answer;
    };
    return hyperVAddresses(mint, deps, run).then((addresses) => ({ addresses, script: scripts[0] }));
  };

  it.each([
    { answer: '', want: [] },
    { answer: '\ufefffe80::215:5dff:fe00:1\r\n172.20.1.5\r\n', want: ['172.20.1.5'] },
    { answer: 'own=172.20.1.1\r\n127.0.0.1\r\n::ffff:172.20.1.1\r\n172.20.1.5\r\n', want: ['172.20.1.5'] },
    { answer: '2001:db8::5\r\n169.254.3.4\r\n172.20.1.5\r\n', want: ['172.20.1.5', '2001:db8::5'] },
  ])('are read from $answer', async ({ answer, want }) => {
    expect((await ask(answer)).addresses).toEqual(want);
  });

  it('are asked for by its id', async () => {
    expect((await ask('')).script).toContain(`'*${mint}*'`);
  });
});

describe("PowerShell's answer", () => {
  const row = { Name: mint, ElementName: '日本 語', EnabledState: 2 };
  const read = { id: mint, name: '日本 語', state: 2 };
  // No encoding changes them.
  const units = '日本 語😀'.split('').map((unit) => unit.charCodeAt(0));

  it.each([
    ['a list', JSON.stringify([row, row]), [read, read]],
    ['one object', JSON.stringify(row), [read]],
    ['a wrapped list', JSON.stringify({ value: [row], Count: 1 }), [read]],
    ['a byte order mark', `\ufeff${JSON.stringify([row])}\r\n`, [read]],
    ['no machines', '[]', []],
    ['names as numbers', JSON.stringify([{ ...row, ElementName: units }]), [{ ...read, name: '日本 語😀' }]],
    ['a name of one letter', JSON.stringify([{ ...row, ElementName: 228 }]), [{ ...read, name: 'ä' }]],
    ['a row without a name', JSON.stringify([{ ...row, ElementName: null }]), [{ ...read, name: mint }]],
  ])('may be $0', (_name, text, want) => {
    expect(parseRows(text)).toEqual(want);
  });

  it.each(['', '\ufeff\r\n', 'Get-CimInstance : denied', '[1]', '{"Name":1}'])('may not be %j', (text) => {
    expect(() => parseRows(text)).toThrow(DiscoveryError);
  });

  it('is asked for by a full path, without a profile', async () => {
    const asked: unknown[] = [];
    let script = '';
    const run = async (program: string, args: readonly string[]) => {
      asked.push(program, ...args.slice(0, 3));
      script = args[3] ?? '';
      return '[]';
    };
    await askPowerShell({ env: { SystemRoot: 'D:\\Windows' } }, run);
    const path = 'D:\\Windows\\System32\\WindowsPowerShell\\v1.0\\powershell.exe';
    expect(asked).toEqual([path, '-NoProfile', '-NonInteractive', '-Command']);
    // Constrained Language Mode has no methods; the one property that it refuses to set is in a try.
    expect(script).not.toMatch(/\.\w+\(|::\w+\(|New-Object|Add-Type/);
    expect(script.replace(/try \{.*?\} catch \{ \}/, '')).not.toContain('::');
  });
});
