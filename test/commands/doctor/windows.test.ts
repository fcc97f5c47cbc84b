import type { Addon, Address } from 'node-hvsock-native';
import { describe, expect, it } from 'vitest';
import { gatherWindows, type WindowsFacts, windowsChecks } from '../../../src/commands/doctor/windows.js';
import { rightsHint } from '../../../src/sources/hyper-v/hyper-v.js';

const rights = { elevated: false, hyperVAdministrator: true };
const good: WindowsFacts = {
  hvsock: 'WSAECONNREFUSED',
  rights,
  rightsFix: rightsHint({ USERNAME: 'me' }, { elevated: false, hyperVAdministrator: false }),
  services: 1,
};
const find = (facts: WindowsFacts, name: string) => windowsChecks(facts).find((check) => check.name === name);

describe('the doctor on Windows', () => {
  it('shows what is there', () => {
    expect(windowsChecks(good)).toMatchObject([
      { name: 'hvsock', state: 'ok', found: 'Windows has Hyper-V sockets; to itself: WSAECONNREFUSED' },
      { name: 'rights', state: 'ok', found: 'this user is in Hyper-V Administrators' },
      { name: 'services', state: 'none', found: 'Hyper-V socket services: 1 is registered' },
    ]);
  });

  it.each(['WSAEAFNOSUPPORT', 'WSAESOCKTNOSUPPORT'])('explains %s, with its fix', (hvsock) => {
    expect(find({ ...good, hvsock }, 'hvsock')).toMatchObject({
      state: 'bad',
      found: `this system has no Hyper-V sockets (${hvsock})`,
      fix: expect.stringContaining('VirtualMachinePlatform'),
    });
  });

  it('shows who may see machines', () => {
    const both = { elevated: true, hyperVAdministrator: true };
    const neither = { elevated: false, hyperVAdministrator: false };
    expect(find({ ...good, rights: both }, 'rights')?.found).toMatch(/elevated and in Hyper-V Admin/);
    expect(find({ ...good, rights: neither }, 'rights')).toMatchObject({
      state: 'none',
      fix: expect.stringContaining('Add-LocalGroupMember -SID S-1-5-32-578 -Member me;'),
    });
  });

  it('does not know how many services there are if that is not reported', () => {
    expect(find({ ...good, services: undefined }, 'services')?.found).toMatch(/unknown how many/);
  });

  it('asks for a socket to Windows itself, and closes what opens', async () => {
    const asked: unknown[] = [];
    const addon = {
      hyperVRights: () => rights,
      connect: (address: Address) => {
        asked.push(address);
        return { promise: Promise.resolve('handle'), cancel: () => {} };
      },
      close: (handle: unknown) => asked.push(handle),
    } as unknown as Addon;
    expect(await gatherWindows({ addon }, { env: {} })).toMatchObject({ hvsock: 'open', rights });
    expect(asked).toEqual([
      {
        family: 'hyper-v',
        vmId: 'e0e16197-dd56-4a10-9195-5ee7a155a838',
        serviceId: '00000000-facb-11e6-bd58-64006a7986d3',
      },
      'handle',
    ]);
    expect(await gatherWindows({ missing: new Error('why') }, { env: {} })).toBeUndefined();
  });
});
