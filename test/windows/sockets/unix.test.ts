import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { unixFailures } from '../../../src/connect/failures/sockets.js';
import { ended } from '../../helpers/expected.js';
import { describeWindows } from '../bed/describe.js';
import { programs, workFile } from '../bed/paths.js';
import { echoWithTail, startPeer } from '../bed/peer.js';
import { runOnWindows, withHvsock } from '../bed/run.js';
import { workFolder } from '../bed/work-folder.js';

const vmssh = programs['vmssh.exe'] ?? [];
const path = 'C:/Users/日本/x y.sock';

describeWindows.each(Object.entries(programs))('a unix socket by %s', (_name, program) => {
  it('is of the right type, with the path in UTF-8 and the length that Windows wants', async () => {
    const log = join(workFolder(), 'unix.log');
    rmSync(log, { force: true });
    const port = await startPeer(echoWithTail(Buffer.from('tail')));
    const env = withHvsock({ PORT: port, LOG: workFile('unix.log') });
    const command = [...program, 'nc', '--pipe', `unix/${path}`];
    expect(await runOnWindows(command, { env, input: 'hello ' })).toMatchObject(ended(0, 'hello tail', ''));
    const name = Buffer.alloc(108);
    name.write(path);
    expect(readFileSync(log, 'latin1').trim().split('\n')).toEqual([
      ...['socket 1 1 0', `connect 0100${name.toString('hex')}`, 'shutdown 1'],
    ]);
  });
});

describeWindows('a failure of a unix socket', () => {
  it.each([
    { number: 10061, code: 'WSAECONNREFUSED' },
    { number: 10050, code: 'WSAENETDOWN' },
    { number: 10022, code: 'WSAEINVAL' },
    { number: 10013, code: 'WSAEACCES' },
  ])('$number is reported as $code, with its fix', async ({ number, code }) => {
    const env = withHvsock({ PORT: '1', CONNECT: String(number) });
    const { code: exit, stderr } = await runOnWindows([...vmssh, 'nc', '--banner', `unix/${path}`], { env });
    expect({ exit, stderr }).toEqual({ exit: 1, stderr: messageOf(code) });
  });

  it('is reported by this Wine, which has none, without the fake', async () => {
    const { code, stderr } = await runOnWindows([...vmssh, 'nc', '--banner', `unix/${path}`]);
    expect({ code, stderr }).toEqual({ code: 1, stderr: messageOf('WSAEAFNOSUPPORT') });
  });

  it('is a path that is too long, without asking the system', async () => {
    const long = `C:/${'x'.repeat(120)}`;
    const { code, stderr } = await runOnWindows([...vmssh, 'nc', '--banner', `unix/${long}`]);
    expect(code).toBe(2);
    expect(stderr).toContain('AF_UNIX takes at most 107');
  });
});

/** What the program prints for a code, from the table. */
function messageOf(code: string): string {
  const row = unixFailures.find(({ codes }) => codes.includes(code));
  const fill = (text = '') => text.replaceAll('{address}', path);
  return `vmssh: cannot connect to "unix/${path}": ${fill(row?.problem)} (${code})\nhint: ${fill(row?.hint)}\n`;
}
