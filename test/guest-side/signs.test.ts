import { describe, expect, it } from 'vitest';
import { serviceIdOfPort } from '../../src/address/service-id.js';
import type { Io } from '../../src/commands/command.js';
import { hostSigns } from '../../src/commands/doctor-signs.js';
import { DiscoveryError } from '../../src/discovery/discovery-error.js';
import type { HyperVService } from '../../src/discovery/hyper-v-services.js';
import { ConnectError } from '../../src/errors.js';
import { fakeIo } from '../commands/fake-io.js';

describe('signs on this host', () => {
  const error = new ConnectError('connect', 'x', { code: 'ETIMEDOUT', problem: 'x' });
  const options = { target: 'hyper-v/mint', port: 2222, user: 'root', sshConfig: undefined };
  const signal = new AbortController().signal;

  it('12: asks the registry, on Windows and for another port', async () => {
    const check = { target: 'hyper-v/mint', stages: [], error };
    const look = async (io: Io, port: number, services: () => Promise<readonly HyperVService[]>) =>
      (await hostSigns({ ...options, check, port }, io, signal, undefined, undefined, undefined, services))
        .service;
    const windows = fakeIo({ platform: 'win32' });
    const known = async () => [{ id: serviceIdOfPort(2222), port: 2222, name: 'x' }];
    const broken = () => Promise.reject(new DiscoveryError('ENOENT', 'x'));
    expect(await look(windows, 2222, known)).toEqual({ port: 2222, registered: true });
    expect(await look(windows, 2223, known)).toEqual({ port: 2223, registered: false });
    expect(await look(windows, 22, known)).toBeUndefined();
    expect(await look(windows, 2222, broken)).toBeUndefined();
    expect(await look(fakeIo(), 2222, known)).toBeUndefined();
  });

  it('13: finds who else has the CID; times a login where the way is right', async () => {
    const user = (pid: number, cid: number) => ({ pid, cid, words: 'qemu' });
    const times = [0, 1500];
    const check = { target: 'vsock/3', stages: [{ stage: 'banner' as const, ms: 40, found: '' }] };
    const signs = await hostSigns(
      { ...options, target: 'vsock/3', check },
      fakeIo(),
      signal,
      async () => ({ code: 255, words: 'Permission denied (publickey).' }),
      async () => [user(1, 3), user(2, 3), user(3, 4)],
      () => times.shift() ?? 0,
    );
    expect(signs).toMatchObject({
      handshakeMs: 40,
      login: { in: false, ms: 1500, words: 'Permission denied (publickey).', user: 'root' },
      cidUsers: [{ pid: 1 }, { pid: 2 }],
    });
  });
});
