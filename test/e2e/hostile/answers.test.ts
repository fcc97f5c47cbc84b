import { writeFileSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { type Outcome, run, vmssh } from '../../helpers/run.js';
import { useTempDir } from '../../helpers/temp-dir.js';

const dir = useTempDir();
const servers: Server[] = [];
afterAll(() => {
  for (const server of servers) server.close();
});

/** What `list` says of an Incus that answers as it likes. */
async function asked(name: string, answer: (socket: Socket) => void): Promise<Outcome> {
  const INCUS_SOCKET = join(dir, name.replaceAll(/\W/g, '-'));
  const server = createServer((socket) => {
    socket.on('error', () => {}).once('data', () => answer(socket));
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(INCUS_SOCKET, resolve));
  return run([...vmssh, 'list', '--provider=incus'], { env: { ...process.env, INCUS_SOCKET } });
}

const head = 'HTTP/1.1 200 OK\r\n\r\n';
const million = 1 << 20;

/** Writes it again and again, for as long as somebody reads. */
function endlessly(socket: Socket, part: string): void {
  socket.write(part, (error) => error ?? endlessly(socket, part));
}

describe('an API socket whose service is hostile', () => {
  it.each([
    { name: 'nested', answer: `${head}${'['.repeat(million)}`, why: 'more than 64 levels' },
    {
      name: 'of many values',
      answer: `${head}[${'[],'.repeat(2 * million)}1]`,
      why: 'more than 1048576 values',
    },
    { name: 'no HTTP', answer: `${'\x1b]0;x\x07'.repeat(1000)}\r\n\r\n`, why: 'it has no status' },
    {
      name: 'a header of blanks',
      answer: `HTTP/1.1 200 OK\r\nContent-Length: 9\r\nA:b${' '.repeat(15_000)}b\r\n\r\n`,
      why: 'aborted',
    },
  ])('an answer that is $name is a warning', async ({ name, answer, why }) => {
    const { code, signal, stderr } = await asked(name, (socket) => socket.end(answer));
    expect([code, signal, stderr]).toEqual([1, null, expect.stringContaining(why)]);
  });

  it.each([
    { name: 'a body without end', start: head, part: '['.repeat(million), why: 'more than 16 MiB' },
    {
      name: 'headers without end',
      start: 'HTTP/1.1 200 OK\r\n',
      part: 'A: b\r\n',
      why: 'its head is too long',
    },
  ])('$name is a warning', async ({ name, start, part, why }) => {
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
    { name: 'prints without end', script: 'exec yes', why: endless },
    {
      name: 'prints a nested text',
      script: "head -c 1000000 /dev/zero | tr '\\0' '['",
      why: /it printed no list/,
    },
    { name: 'complains without end', script: 'exec yes >&2', why: endless },
  ])('that $name is a warning', async ({ script, why }) => {
    writeFileSync(join(dir, 'multipass'), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
    const env = { ...process.env, PATH: `${dir}:${process.env.PATH}` };
    const { code, signal, stderr } = await run([...vmssh, 'list', '--provider=multipass'], { env });
    expect([code, signal, stderr]).toEqual([1, null, expect.stringMatching(why)]);
  });
});
