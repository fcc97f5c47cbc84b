import { expect, it } from 'vitest';
import { confineForward } from '../../../src/commands/forward/confined.js';
import { fakeIo } from '../../helpers/fake-io.js';

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
