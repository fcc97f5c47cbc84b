import { writeFileSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type Outcome, run, vmssh } from '../../helpers/run.js';
import { endlessly, listening } from '../../helpers/sockets/servers.js';
import { useTempDir } from '../../helpers/temp-dir.js';

const dir = useTempDir();

/** What `list` says of an Incus that answers as it likes. */
async function asked(name: string, answer: (socket: Socket) => void): Promise<Outcome> {
  const INCUS_SOCKET = join(dir, name.replaceAll(/\W/g, '-'));
  await listening(
    createServer((socket) => socket.once('data', () => answer(socket))),
    INCUS_SOCKET,
  );
  return run([...vmssh, 'list', '--provider=incus'], { env: { ...process.env, INCUS_SOCKET } });
}

const head = 'HTTP/1.1 200 OK\r\n\r\n';
const million = 1 << 20;

describe('an API socket whose service is hostile', () => {
  it.each([
    ['nested', `${head}${'['.repeat(million)}`, 'more than 64 levels'],
    ['of many values', `${head}[${'[],'.repeat(2 * million)}1]`, 'more than 1048576 values'],
    ['no HTTP', `${'\x1b]0;x\x07'.repeat(1000)}\r\n\r\n`, 'it has no status'],
    [
      'a header of blanks',
      `HTTP/1.1 200 OK\r\nContent-Length: 9\r\nA:b${' '.repeat(15_000)}b\r\n\r\n`,
      'the connection ended before the answer',
    ],
  ])('an answer that is $0 is a warning', async (name, answer, why) => {
    const { code, signal, stderr } = await asked(name, (socket) => socket.end(answer));
    expect([code, signal, stderr]).toEqual([1, null, expect.stringContaining(why)]);
  });

  it.each([
    ['a body without end', head, '['.repeat(million), 'more than 16384 KiB'],
    ['headers without end', 'HTTP/1.1 200 OK\r\n', 'A: b\r\n', 'its head is too long'],
  ])('$0 is a warning', async (name, start, part, why) => {
    const { code, signal, stderr } = await asked(name, (socket) => {
      socket.write(start);
      endlessly(socket, part);
    });
    expect([code, signal, stderr]).toEqual([1, null, expect.stringContaining(why)]);
  });

  it('texts of blanks without end are read in time', async () => {
    const blanks = `a${' '.repeat(million)}b`;
    const network = { eth0: { addresses: [{ scope: 'global', address: blanks }] } };
    const config = { 'volatile.vsock_id': blanks, 'volatile.uuid': blanks };
    const instance = { type: 'virtual-machine', status: blanks, config, state: { network } };
    const machines = [
      { ...instance, name: blanks },
      { ...instance, name: 'web' },
    ];
    const { code, signal, stdout } = await asked('blanks', (socket) =>
      socket.end(head + JSON.stringify({ metadata: machines })),
    );
    expect([code, signal, stdout]).toEqual([0, null, expect.stringContaining('incus/web')]);
  });
});

describe('a tool that is hostile', () => {
  // On a busy machine the time of a list is over before so much has been printed.
  const endless = /more than|no answer in time/;
  it.each([
    ['prints without end', 'exec yes', endless],
    ['prints a nested text', "head -c 1000000 /dev/zero | tr '\\0' '['", /more than 64 levels/],
    ['complains without end', 'exec yes >&2', endless],
  ])('that $0 is a warning', async (_name, script, why) => {
    writeFileSync(join(dir, 'multipass'), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
    const env = { ...process.env, PATH: `${dir}:${process.env.PATH}` };
    const { code, signal, stderr } = await run([...vmssh, 'list', '--provider=multipass'], { env });
    expect([code, signal, stderr]).toEqual([1, null, expect.stringMatching(why)]);
  });
});
