import { once } from 'node:events';
import { existsSync, lstatSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { describe, expect, it } from 'vitest';
import { loadAddon } from '../../../src/base/native.js';
import { clearPath, openListener, passedListeners, remover } from '../../../src/commands/forward/listener.js';
import { useSocketFolder } from '../../connect/socket-folder.js';
import { missingAddon } from '../../helpers/addon.js';

describe.skipIf(missingAddon())('the path of a forward', () => {
  const folder = useSocketFolder();
  const clear = async (path: string, uid = process.getuid?.()) => {
    const { addon } = loadAddon();
    if (addon) await clearPath(path, addon, uid);
  };

  it('is free, or gets free if nobody listens at the socket', async () => {
    await clear(folder.at('new'));
    const dead = await folder.abandon();
    await clear(dead);
    expect(existsSync(dead)).toBe(false);
  });

  it.each([
    ['a file', (path: string) => writeFileSync(path, 'mine'), 'not a socket'],
    ['a link to nothing', (path: string) => symlinkSync('/proc/none', path), 'not a socket'],
    ['a link to a dead socket', (path: string) => symlinkSync('dead', path), 'not a socket'],
  ])('is left alone if it is $0', async (_name, make, says) => {
    await folder.abandon('dead');
    const path = folder.at('path');
    make(path);
    const before = lstatSync(path).ino;
    await expect(clear(path)).rejects.toThrow(says);
    expect(lstatSync(path).ino).toBe(before);
    expect(existsSync(folder.at('dead'))).toBe(true);
  });

  it("is left alone if it is another user's, or if somebody listens", async () => {
    const dead = await folder.abandon();
    await expect(clear(dead, 12345)).rejects.toThrow('it belongs to user');
    const alive = await folder.listen(() => {});
    await expect(clear(alive)).rejects.toThrow('another program listens there');
    expect([dead, alive].map((path) => existsSync(path))).toEqual([true, true]);
  });

  it('is a word for the shell in the command that shows who listens', async () => {
    const alive = await folder.listen(() => {}, "it's here");
    const hint = `see which one: ss -lxp src '${alive.replace("'", "'\\''")}'`;
    await expect(clear(alive)).rejects.toMatchObject({ hint });
  });

  it('needs a folder, and the hint can be pasted', async () => {
    const { addon } = loadAddon();
    const hint = `make it first: mkdir -p '${folder.at('a b')}'`;
    const local = { family: 'unix', path: folder.at('a b/x.sock') } as const;
    await expect(addon && openListener(local, addon, { platform: 'linux' })).rejects.toMatchObject({ hint });
  });

  it('has as many clients wait as the kernel allows', async () => {
    const { addon } = loadAddon();
    const path = folder.at('crowd');
    const listener = await (addon && openListener({ family: 'unix', path }, addon, { platform: 'linux' }));
    const clients = Array.from({ length: 300 }, () => connect(path));
    // Nobody accepts them.
    const came = await Promise.allSettled(clients.map((each) => once(each, 'connect')));
    for (const each of clients) each.destroy();
    listener?.close();
    expect(came.filter(({ status }) => status === 'rejected')).toEqual([]);
  });

  it('is removed at the end only if it is still the same socket', async () => {
    const path = await folder.listen(() => {});
    const remove = remover(path);
    rmSync(path);
    writeFileSync(path, "somebody else's");
    remove();
    expect(existsSync(path)).toBe(true);
    const other = await folder.abandon('other');
    remover(other)();
    expect(existsSync(other)).toBe(false);
  });
});

const loaded = loadAddon();

it.skipIf(missingAddon()).each([
  { env: {}, says: 'LISTEN_FDS is ""' },
  { env: { LISTEN_FDS: '1' }, says: 'LISTEN_PID is ""' },
  { env: { LISTEN_FDS: '1', LISTEN_PID: '78' }, says: 'LISTEN_PID is "78", and this process is 77' },
  { env: { LISTEN_FDS: '1', LISTEN_PID: '\x1b[2J' }, says: 'LISTEN_PID is "\\x1b[2J"' },
  { env: { LISTEN_FDS: '0', LISTEN_PID: '77' }, says: 'LISTEN_FDS is "0": expected a number from 1 to 1000' },
  { env: { LISTEN_FDS: '-1', LISTEN_PID: '77' }, says: 'LISTEN_FDS is "-1"' },
  { env: { LISTEN_FDS: '4294967295', LISTEN_PID: '77' }, says: 'LISTEN_FDS is "4294967295"' },
])('$env: $says, and no child sees the variables', ({ env, says }) => {
  const all: Record<string, string | undefined> = { ...env, LISTEN_PIDFDID: '1', HOME: '/' };
  expect(() => loaded.addon && passedListeners(loaded.addon, all, 77)).toThrow(
    expect.objectContaining({ code: 'LISTEN_FDS', message: expect.stringContaining(says) }),
  );
  expect(all).toEqual({ HOME: '/' });
});
