import type { Addon, Address, Handle } from 'node-hvsock-native';
import { describe, expect, it } from 'vitest';
import { byHyperV } from '../../../src/commands/forward/by-hyper-v.js';
import type { HyperVService } from '../../../src/sources/hyper-v/services.js';
import { DiscoveryError } from '../../../src/sources/source.js';
import { type Guid, serviceIdOfPort, vmIds } from '../../../src/typed/numbers.js';
import { fakeIo } from '../../helpers/fake-io.js';

const vmId = '11111111-2222-4333-8444-555555555555' as Guid;
const serviceId = serviceIdOfPort(5000);
const gone = 'a client that is gone';
const registered = [{ id: serviceId, port: 5000, name: 'ours' }];

/** Hyper-V's sockets are Windows' own: the addon's part is played. */
async function listener({ peer = vmId as string, id = vmId, services = registered as unknown, error = '' }) {
  const asked: Address[] = [];
  const addon = {
    listen(address: Address) {
      asked.push(address);
      if (error !== '') throw Object.assign(new Error(error), { code: error });
      return {} as Handle;
    },
    socketAddress() {
      if (peer === gone) throw new Error('WSAENOTCONN');
      return { family: 'hyper-v', vmId: peer, serviceId };
    },
    hyperVRights: () => ({ elevated: false, hyperVAdministrator: false }),
    close() {},
  } as unknown as Addon;
  const io = fakeIo({ platform: 'win32' });
  const list = async () => {
    if (services instanceof Error) throw services;
    return services as readonly HyperVService[];
  };
  const opened = await byHyperV({ family: 'hyper-v', vmId: id, serviceId }, addon, io, list);
  return { opened, asked, io };
}

describe('a Hyper-V socket of this host for one machine', () => {
  it('is bound to the id of the machine, not to all', async () => {
    const { asked, opened } = await listener({});
    expect(asked).toEqual([{ family: 'hyper-v', vmId, serviceId }]);
    expect(opened.at).toEqual({ port: 5000 });
    expect(await opened.refuse({} as Handle)).toBe(undefined);
  });

  it.each([
    ['22222222-2222-4333-8444-555555555555', '22222222-2222-4333-8444-555555555555'],
    [gone, 'the client ended'],
  ])('turns away $0, should Windows ever let it in', async (peer, says) => {
    const { opened } = await listener({ peer });
    expect(await opened.refuse({} as Handle)).toContain(says);
  });

  it.each(Object.entries(vmIds))('is not made for %s, by which others could connect', async (_name, id) => {
    await expect(listener({ id })).rejects.toMatchObject({ code: 'UNSUPPORTED', hint: 'vmssh list -i' });
  });

  it.each([
    { services: registered, says: '' },
    { services: [], says: 'in an elevated terminal: vmssh service register 5000\n' },
    { services: new DiscoveryError('FAILED', 'no registry'), says: '' },
  ])('says that Windows does not know its port: $services', async ({ services, says }) => {
    const { io } = await listener({ services });
    const said = io.stderr.join('');
    if (says === '') expect(said).toBe('');
    else expect(said).toContain(says);
  });

  it.each([
    { error: 'WSAEACCES', says: 'Windows does not let this user open Hyper-V sockets' },
    { error: 'WSAEADDRINUSE', says: 'another program listens there for this machine' },
    { error: 'WSAEFOO', says: 'WSAEFOO' },
  ])('says what $error means', async ({ error, says }) => {
    await expect(listener({ error })).rejects.toMatchObject({
      code: error,
      message: expect.stringContaining(says),
    });
  });
});
