import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { Source } from '../../../src/sources/source.js';
import { cloudHypervisor } from '../../../src/sources/vmm/cloud-hypervisor.js';
import { firecracker } from '../../../src/sources/vmm/firecracker.js';
import { useTempDir } from '../../helpers/temp-dir.js';
import { describeAddon } from '../../native/support/addon.js';

const dir = useTempDir();

/** A process with the program name of a monitor: its API says the socket on which it listens too, in place of whoever did. */
const monitor = `
  const { createServer } = require('node:http');
  const { rmSync } = require('node:fs');
  const [api, socket] = process.argv.slice(2, 4);
  const says = { vsock: { guest_cid: 3, uds_path: socket }, config: { vsock: { cid: 3, socket } }, state: 'Running' };
  const listen = (path, then) => {
    rmSync(path, { force: true });
    createServer((_, answer) => answer.end(JSON.stringify(says))).listen(path, then);
  };
  listen(api, () => listen(socket, () => process.stdout.write('up')));
`;

async function start(program: string, args: readonly string[], text = monitor) {
  const script = join(dir, 'monitor.cjs');
  writeFileSync(script, text);
  const child = spawn(process.execPath, [script, ...args], {
    argv0: program,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  await once(child.stdout, 'data');
  return child;
}

// Where nobody can ask the kernel, two that claim one socket are both refused: tools/claims.test.ts.
describeAddon('two monitors with one socket', () => {
  const rows: readonly { source: Source; option: string; socket: 'socket' | 'API socket' }[] = [
    { source: firecracker, option: '--api-sock', socket: 'socket' },
    { source: cloudHypervisor, option: '--api-socket', socket: 'socket' },
    { source: firecracker, option: '--api-sock', socket: 'API socket' },
    { source: cloudHypervisor, option: '--api-socket', socket: 'API socket' },
  ];
  describe.each(rows)('$source.name, one $socket', ({ source, option, socket }) => {
    it('are the one that listens there, and a warning for the other', async () => {
      const id = `${source.name}-${socket === 'socket' ? 's' : 'a'}`;
      const at = (name: string) => join(dir, `${id}-${name}`);
      const own = (name: string) => [option, at(name), '--id', name] as const;
      const [first, second] = socket === 'socket' ? ['one', 'two'] : ['one', 'one'];
      const { pid } = await start(source.name, [at(first), at('v.sock'), ...own(first)]);
      const { pid: other } = await start(source.name, [at(second), at('v.sock'), ...own(second)]);
      const { found, warnings } = await source.list({ env: {} });
      expect(found.filter((each) => [pid, other].includes(each.pid))).toMatchObject([
        { pid: other, routes: [{ endpoint: { path: at('v.sock') } }] },
      ]);
      const at2 = socket === 'socket' ? at('v.sock') : at('one');
      expect(warnings.map(({ problem }) => problem)).toContainEqual(
        expect.stringContaining(`pid ${pid} could not be asked: process ${other} listens on ${at2}`),
      );
      if (socket === 'API socket') return;
      const name = (each: string) => (source.name === 'firecracker' ? each : `${id}-${each}`);
      expect(await source.find?.(name('one'), { env: {} })).toMatchObject({ outcome: 'unavailable' });
      expect(await source.find?.(name('two'), { env: {} })).toMatchObject({ machine: { pid: other } });
    });
  });
});

/** Prints all that a connection to its multiplexer sent, a line for each. */
const multiplexer = `
  require('node:net').createServer((peer) => {
    let sent = '';
    peer.on('data', (bytes) => (sent += bytes)).on('end', () => console.log(JSON.stringify(sent)));
  }).listen(process.argv[3].split('socket=')[1], () => process.stdout.write('up'));
`;

// cloud-hypervisor 38 to 40 end, and 47 and 48 never read another connection, after one that sent nothing (cloud-hypervisor#6621, #7310).
describeAddon('the multiplexer of a cloud-hypervisor', () => {
  it('is asked who it is with a whole line that names no port', async () => {
    const socket = join(dir, 'line.sock');
    const child = await start('cloud-hypervisor', ['--vsock', `cid=3,socket=${socket}`], multiplexer);
    const printed = once(child.stdout, 'data');
    const { found } = await cloudHypervisor.list({ env: {} });
    const own = found.filter(({ pid }) => pid === child.pid);
    expect(own).toMatchObject([{ routes: [{ endpoint: { path: socket } }] }]);
    expect(String(await printed).split('\n')[0]).toBe(JSON.stringify('CONNECT -\n'));
  });
});
