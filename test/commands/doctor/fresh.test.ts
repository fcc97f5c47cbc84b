import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { clientChecks, clientsOf } from '../../../src/commands/doctor/config.js';
import { type FreshFacts, freshChecks, gatherFresh } from '../../../src/commands/doctor/fresh.js';
import { configFiles } from '../../../src/hosts/places.js';
import { freshUnitTexts } from '../../../src/hosts/units.js';
import type { runProgram } from '../../../src/process/run-program.js';
import { machine, useConfigHome } from '../config/home.js';

const home = useConfigHome();
const web = { ...machine, name: 'web', target: 'machine/web', provider: 'machined' } as const;

/** A systemctl that prints these states. */
const says =
  (stdout: string): typeof runProgram =>
  async () => ({ stdout, stderr: '', code: 0, signal: null });

describe('the doctor, of Hosts that follow the machines,', () => {
  const gather = (states = '', hasSystemd = false) => {
    const files = configFiles({ system: false }, home.io(), undefined, () => hasSystemd);
    return gatherFresh(home.io(), { machines: [web], warnings: [] }, files, says(states));
  };

  it('says that the state of the last run cannot be used', async () => {
    await home.install();
    for (const [text, why] of [
      ['{', 'it is not JSON'],
      ['{"version":2}', 'it is of version 2'],
    ] as const) {
      writeFileSync(home.state, text);
      const [check] = freshChecks(await gather());
      expect(check).toMatchObject({ state: 'bad', found: expect.stringContaining(why) });
    }
    rmSync(home.state);
    mkdirSync(home.state);
    const [check] = freshChecks(await gather());
    expect(check).toMatchObject({ state: 'bad', found: expect.stringContaining(' cannot be read: ') });
  });

  it('counts what came and went since the file was written', async () => {
    expect(await gather()).toBeUndefined();
    await home.install();
    expect(await gather()).toEqual({ on: false, came: 1, gone: 1, units: 'none' });
    await home.install({ fresh: true });
    expect(await gather()).toEqual({ on: true, came: 1, gone: 1, units: 'none' });
    writeFileSync(home.own, 'Host a\n');
    expect(await gather()).toBeUndefined();
  });

  it.each([
    { states: 'active\nactive\ninactive\n', units: 'on' },
    { states: 'active\ninactive\ninactive\n', units: 'off' },
    { states: 'active\nactive\nfailed\n', units: 'failed' },
    { states: 'failed\nactive\ninactive\n', units: 'failed' },
    { states: '', units: 'silent' },
  ])('asks systemd: $units', async ({ states, units }) => {
    await home.install({ fresh: true });
    expect(await gather(states, true)).toMatchObject({ units: 'missing' });
    const folder = join(home.path, '.config/systemd/user');
    mkdirSync(folder, { recursive: true });
    for (const [name, text] of Object.entries(freshUnitTexts(['/v'], {})))
      writeFileSync(join(folder, name), text);
    expect(await gather(states, true)).toMatchObject({ units });
    writeFileSync(join(folder, 'vmssh-hosts.timer'), '[Timer]\n');
    expect(await gather(states, true)).toMatchObject({ units: 'edited' });
  });

  const ok: FreshFacts = { on: true, came: 0, gone: 0, units: 'on' };
  it.each([
    { facts: ok, state: 'ok', found: 'vmssh list, vmssh ssh and systemd write them' },
    { facts: { ...ok, units: 'none' }, state: 'ok', found: 'vmssh list and vmssh ssh write them' },
    {
      facts: { ...ok, came: 2 },
      state: 'ok',
      found: /; 2 came and 0 went, and the next vmssh list writes them$/,
    },
    { facts: { ...ok, on: false, gone: 1 }, state: 'none', found: /since then 0 came and 1 went$/ },
    { facts: { ...ok, units: 'failed' }, state: 'bad', found: 'vmssh-hosts failed in systemd' },
    { facts: { ...ok, units: 'silent' }, state: 'none', found: /does not answer: only vmssh list and ssh/ },
  ] as const)('says $found', ({ facts, state, found }) => {
    const [check] = freshChecks(facts);
    expect(check).toMatchObject({ name: 'fresh Hosts', state });
    expect(check?.found).toMatch(found);
    expect(check?.report).toBe(check?.found);
  });
});

describe('the doctor, of programs that read ssh_config themselves,', () => {
  it('looks for their traces in the home', () => {
    expect(clientsOf(home.io())).toEqual([]);
    mkdirSync(join(home.path, '.vscode'));
    mkdirSync(join(home.path, '.config/JetBrains'), { recursive: true });
    expect(clientsOf(home.io())).toEqual(['VS Code', 'JetBrains']);
  });

  it('says what they do not read', () => {
    const good = { include: 'first', owner: 'ours' } as const;
    const found = (config: Parameters<typeof clientChecks>[1]) =>
      clientChecks(['VS Code', 'VSCodium', 'JetBrains'], config).map(({ name, state, fix }) => [
        name,
        state,
        fix,
      ]);
    expect(found(good)).toEqual([
      ['VS Code', 'ok', undefined],
      ['VSCodium', 'ok', undefined],
      ['JetBrains', 'none', undefined],
    ]);
    expect(found({ ...good, include: 'late' })).toEqual([
      ['VS Code', 'none', 'vmssh config install'],
      ['VSCodium', 'none', 'vmssh config install'],
      ['JetBrains', 'none', undefined],
    ]);
  });
});
