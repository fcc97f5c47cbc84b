import { once } from 'node:events';
import { createServer } from 'node:net';
import { expect, it, onTestFinished } from 'vitest';
import { gatherLoopback, loopbackChecks } from '../../../src/commands/doctor/host/loopback.js';
import { type HostState, noState } from '../../../src/ssh/config/state.js';
import { loopbackRange } from '../../../src/ssh/loopback.js';
import { fakeIo } from '../../helpers/fake-io.js';

const stateWith = (loopback: number): HostState => ({
  ...noState,
  options: { ...noState.options, loopback: 'own' },
  machines: [{ host: 'mint', name: 'mint', target: 'qemu/mint', provider: 'qemu', seen: '', loopback }],
});

const gather = (state: HostState, uids?: readonly number[], own?: number, systemd = false) =>
  gatherLoopback(
    fakeIo(),
    async () => state,
    uids ? async () => () => uids : undefined,
    own ?? process.getuid?.(),
    systemd,
  );

it('without loopback ports nothing is said', async () => {
  expect(loopbackChecks(await gather(noState))).toEqual([]);
});

it.each([
  { uids: [], state: 'none', found: /nobody listens on the 1 ports/, fix: 'vmssh forward --all' },
  { uids: [1000], state: 'ok', found: /^1 of 1 are served$/ },
  {
    uids: [1001],
    state: 'bad',
    found: /^a program of user 1001 listens on port 29200, which is that of mint$/,
    fix: expect.stringContaining('--no-loopback'),
  },
])('with listeners of $uids it is $state', async ({ uids, found, ...want }) => {
  const [check] = loopbackChecks(await gather(stateWith(29_200), uids, 1000));
  expect(check).toMatchObject({ ...want, found: expect.stringMatching(found) });
  expect(check?.report).not.toContain('mint');
});

it('with systemd, config install has it listen again', async () => {
  const [check] = loopbackChecks(await gather(stateWith(29_200), [], 1000, true));
  expect(check).toMatchObject({ state: 'none', fix: 'vmssh config install --loopback' });
});

it.skipIf(process.platform !== 'linux')(
  'a real listener counts (skipped: only Linux shows whose it is)',
  async () => {
    const server = createServer();
    let port: number = loopbackRange.first;
    for (;;) {
      server.listen(port, '127.0.0.1');
      const isFree = await once(server, 'listening').then(
        () => true,
        () => false,
      );
      if (isFree) break;
      port++;
    }
    onTestFinished(() => void server.close());
    expect(await gather(stateWith(port))).toEqual({ ports: 1, served: 1, systemd: false, taken: [] });
    expect((await gather(stateWith(port), undefined, -1))?.taken).toMatchObject([{ host: 'mint', port }]);
  },
);
