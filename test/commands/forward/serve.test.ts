import { once } from 'node:events';
import { createConnection } from 'node:net';
import { expect, it, onTestFinished } from 'vitest';
import { loadAddon } from '../../../src/base/native.js';
import { confineForward, serve } from '../../../src/commands/forward/serve.js';
import { missingAddon } from '../../helpers/addon.js';
import { fakeIo } from '../../helpers/fake-io.js';
import { useTempDir } from '../../helpers/temp-dir.js';

const dir = useTempDir();
const { addon } = loadAddon();
const noEnd = new AbortController().signal;

function listeners(names: readonly string[]) {
  if (!addon) throw new Error('no addon');
  const all = names.map((name) => {
    const path = `${dir}/${name}`;
    const handle = addon.listen({ family: 'unix', path }, 8);
    onTestFinished(() => addon.close(handle));
    return { handle, path };
  });
  const connect = async (path: string) => {
    const socket = createConnection(path);
    onTestFinished(() => void socket.destroy());
    await once(socket, 'connect');
    return socket;
  };
  return { addon, all, connect };
}

it.skipIf(missingAddon())('ends when idle, but not while a connection is open', async () => {
  const { addon, all, connect } = listeners(['idle']);
  const events: string[] = [];
  let end = () => {};
  const held = new Promise<void>((resolve) => {
    end = resolve;
  });
  const [listener] = all;
  const client = await connect(listener?.path ?? '');
  const served = serve(
    addon,
    all,
    { most: 2, idleMs: 1 },
    async (handle) => {
      events.push('session');
      await held;
      addon.close(handle);
      events.push('closed');
    },
    noEnd,
  ).then(() => events.push('served'));
  await expect.poll(() => events).toEqual(['session']);
  // A second one comes after the time has passed: the first keeps the program.
  const second = await connect(listener?.path ?? '');
  await expect.poll(() => events).toEqual(['session', 'session']);
  end();
  await served;
  expect(events).toEqual(['session', 'session', 'closed', 'closed', 'served']);
  for (const each of [client, second]) each.destroy();
});

it.skipIf(missingAddon())('serves all listeners, and counts the connections of all together', async () => {
  const { addon, all, connect } = listeners(['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h']);
  let open = 0;
  let most = 0;
  const ended: (() => void)[] = [];
  const stop = new AbortController();
  const from: string[] = [];
  const served = serve(
    addon,
    all,
    { most: 2 },
    async (handle, _signal, { path }) => {
      most = Math.max(most, ++open);
      from.push(path);
      await new Promise<void>((resolve) => ended.push(resolve));
      open--;
      addon.close(handle);
    },
    stop.signal,
  );
  for (const { path } of all) await connect(path);
  for (let i = 0; i < all.length; i++) {
    await expect.poll(() => ended.length).toBeGreaterThan(i);
    ended[i]?.();
  }
  await expect.poll(() => open).toBe(0);
  stop.abort();
  await served;
  expect(from.toSorted()).toEqual(all.map(({ path }) => path));
  expect(most).toBe(2);
});

const tcp = { listensAt: ['inet'] } as const;
const path = { listensAt: ['unix'] } as const;
const systemd = { listensAt: [] } as const;

it.each([
  { typed: 'vsock-mux/run/v.sock', ...tcp, want: ['found', 'serve'] },
  { typed: 'vsock/3', ...systemd, want: ['found', 'serve'] },
  { typed: 'unix/run/s', ...path, want: ['found', 'serve-path'] },
  // Each connection may start the manager's program.
  { typed: 'mint', ...tcp, want: [] },
  { typed: 'machine/web', ...tcp, want: [] },
  { typed: 'podman/web', ...tcp, want: [] },
  { typed: 'via/hv1/vsock/3', ...tcp, want: [] },
  { typed: '.host', ...tcp, want: ['found', 'serve'] },
])('a forward of $typed with $listensAt: $want', async ({ typed, listensAt, want }) => {
  const done: string[] = [];
  const find = async () => void done.push('found');
  await confineForward({ typed, listensAt }, find, fakeIo(), (profile) => void done.push(profile));
  expect(done).toEqual(want);
});

it('gives them up though the machine is not there yet', async () => {
  const done: string[] = [];
  const find = () => Promise.reject(new Error('off'));
  await confineForward({ typed: 'vsock/3', ...tcp }, find, fakeIo(), (profile) => void done.push(profile));
  expect(done).toEqual(['serve']);
});
