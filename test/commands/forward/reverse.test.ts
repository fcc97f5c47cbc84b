import { chownSync, lstatSync } from 'node:fs';
import type { Addon, Address, Handle } from 'node-hvsock-native';
import { describe, expect, it } from 'vitest';
import {
  type FoundMachine,
  guestLine,
  openForMachine,
  remembered,
} from '../../../src/commands/forward/reverse.js';
import { useTempDir } from '../../helpers/temp-dir.js';

const at = (cid: number): FoundMachine => ({
  text: 'mint',
  endpoint: { family: 'vsock', cid, port: 5000 },
});
const io = { platform: 'linux' } as const;

/** No test opens a vsock of this machine: the addon's part is played. */
async function listener(peer: Address | undefined, recently: number | undefined, now: number | undefined) {
  const found = (cid: number | undefined) => async () => {
    if (cid === undefined) throw new Error('off');
    return at(cid);
  };
  const asked: Address[] = [];
  const addon = {
    listen(address: Address) {
      asked.push(address);
      return {} as Handle;
    },
    socketAddress: () => peer,
    close() {},
  } as unknown as Addon;
  const machine = { now: found(now), recently: found(recently) };
  const opened = await openForMachine(at(50).endpoint, machine, addon, io as never);
  return { opened, asked };
}

describe('a vsock port of this host for one machine', () => {
  it('is open to all CIDs, since the kernel has one for all', async () => {
    const { asked, opened } = await listener(undefined, 50, 50);
    expect(asked).toEqual([{ family: 'vsock', cid: 0xffffffff, port: 5000 }]);
    expect(opened.at).toEqual({ port: 5000 });
  });

  it.each([
    { name: 'the machine', cid: 50, recently: 50, now: 50, says: undefined },
    { name: 'another machine', cid: 51, recently: 50, now: 50, says: 'CID 51 of another machine' },
    { name: 'a program here', cid: 1, recently: 50, now: 50, says: 'a program of this host (CID 1)' },
    { name: 'one that has its CID since it restarted', cid: 50, recently: 50, now: 52, says: 'CID 50' },
    { name: 'the machine’s CID after it has gone', cid: 50, recently: 50, now: undefined, says: 'CID 50' },
    { name: 'any while the machine is off', cid: 51, recently: undefined, now: 51, says: 'CID 51' },
  ])('$name: $says', async ({ cid, recently, now, says }) => {
    const { opened } = await listener({ family: 'vsock', cid, port: 1234 }, recently, now);
    const refusal = await opened.refuse({} as Handle);
    if (says === undefined) expect(refusal).toBe(undefined);
    else expect(refusal).toContain(says);
  });

  it('turns away a client that is gone', async () => {
    const { opened } = await listener(undefined, 50, 50);
    expect(await opened.refuse({} as Handle)).toContain('the client ended');
  });
});

describe('a socket beside a multiplexer', () => {
  const dir = useTempDir();
  it('is not made if the multiplexer is another user’s, who could not open it', async () => {
    const endpoint = { family: 'vsock-mux', path: dir, port: 5000 } as const;
    // Root's own multiplexer can open every socket.
    if (process.getuid?.() === 0) chownSync(dir, 12345, 12345);
    const owner = lstatSync(dir).uid;
    await expect(
      openForMachine(endpoint, {} as never, {} as never, io as never, owner + 1),
    ).rejects.toMatchObject({ code: 'OTHER_OWNER', hint: expect.stringContaining(`'#${owner}'`) });
  });
});

const line = (path: string) => guestLine(5000, { family: 'unix', path });

it.each([
  { path: '/run/user/1000/agent.sock', name: 'agent.sock' },
  { path: '/tmp/ssh-XXXXabcd/agent.9945', name: 'agent.sock' },
  { path: '/tmp/a,exec=sh', name: 'port-5000.sock' },
  { path: '/tmp/$(id)', name: 'port-5000.sock' },
  { path: '/', name: 'port-5000.sock' },
])('makes a socket of the same name as $path, if socat takes it for no option', ({ path, name }) => {
  expect(line(path)).toBe(
    `socat UNIX-LISTEN:"$XDG_RUNTIME_DIR"/${name},fork,mode=600,unlink-early VSOCK-CONNECT:2:5000`,
  );
});

it('listens on the same port for a port', () => {
  expect(guestLine(5000, { family: 'inet', host: '127.0.0.1', port: 3142 })).toBe(
    'socat TCP-LISTEN:3142,fork,reuseaddr,bind=127.0.0.1 VSOCK-CONNECT:2:5000',
  );
});

it('is looked up once for all that ask within two seconds, and again after a failure', async () => {
  let time = 0;
  let searches = 0;
  const find = async () => {
    if (++searches === 2) throw new Error('gone');
    return searches;
  };
  const found = remembered(find, () => time);
  expect(await Promise.all([found(), found()])).toEqual([1, 1]);
  time = 2000;
  await expect(found()).rejects.toThrow('gone');
  expect(await found()).toBe(3);
});
