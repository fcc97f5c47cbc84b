import { once } from 'node:events';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { hyperVFailures } from '../../../src/connect/failures/sockets.js';
import { targetHere } from '../../../src/typed/shell.js';
import { describeWindows } from '../bed/describe.js';
import { programs } from '../bed/paths.js';
import { runOnWindows, withHvsock } from '../bed/run.js';

const target = 'hvsock:86e0c1e9-782c-47e0-b7c2-99f8167f5178:vsock-22';
const address = 'hvsock:86e0c1e9-782c-47e0-b7c2-99f8167f5178:00000016-facb-11e6-bd58-64006a7986d3';
const vmssh = programs['vmssh.exe'] ?? [];
const both = Object.entries(programs).filter(([name]) => name !== 'node.exe 22');

const codes = [
  { number: 10061, code: 'WSAECONNREFUSED' },
  { number: 10060, code: 'WSAETIMEDOUT' },
  { number: 10051, code: 'WSAENETUNREACH' },
  { number: 10049, code: 'WSAEADDRNOTAVAIL' },
  { number: 10013, code: 'WSAEACCES' },
  { number: 10050, code: 'WSAENETDOWN' },
];

describeWindows.each(both)('a failure of hvsock in %s', (_name, vmssh) => {
  it.each(codes)('$number is reported as $code, with its fix and exit code 1', async ({ number, code }) => {
    const env = withHvsock({ PORT: '1', CONNECT: String(number) });
    const {
      code: exit,
      stdout,
      stderr,
    } = await runOnWindows([...vmssh, 'proxy', target, '22'], {
      env,
      keepOpen: true,
    });
    expect({ exit, stdout, stderr }).toEqual({ exit: 1, stdout: '', stderr: messageOf(code, vmssh) });
  });

  it('10047 of socket() means that there is no Hyper-V', async () => {
    const env = withHvsock({ PORT: '1', SOCKET: '10047' });
    const { code, stderr } = await runOnWindows([...vmssh, 'proxy', target, '22'], { env, keepOpen: true });
    expect({ code, stderr }).toEqual({ code: 1, stderr: messageOf('WSAEAFNOSUPPORT', vmssh) });
  });

  it('has the same message without the fake, on a Windows without Hyper-V', async () => {
    const { code, stderr } = await runOnWindows([...vmssh, 'proxy', target, '22'], { keepOpen: true });
    expect({ code, stderr }).toEqual({ code: 1, stderr: messageOf('WSAEAFNOSUPPORT', vmssh) });
  });

  it('ends a connect that takes too long', async () => {
    const env = withHvsock({ PORT: '1', DELAY: '30000' });
    const started = Date.now();
    const command = [...vmssh, 'proxy', '--timeout=1', target, '22'];
    const { code, stderr } = await runOnWindows(command, { env, keepOpen: true });
    expect({ code, stderr }).toEqual({ code: 1, stderr: messageOf('ETIMEDOUT', vmssh) });
    expect(Date.now() - started).toBeLessThan(20_000);
  });
});

describeWindows('--wait', () => {
  let server: Server;
  beforeAll(async () => {
    server = createServer((socket) => socket.end('SSH-2.0-fake\r\n'));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
  });
  afterAll(() => server.close());

  const wait = async (connect: string) => {
    const port = String((server.address() as AddressInfo).port);
    // Long enough for WSAETIMEDOUT to have waited itself.
    const env = withHvsock({ PORT: port, CONNECT: connect, DELAY: '1100' });
    const args = ['nc', '--banner', '--wait=60', '-v', target];
    const outcome = await runOnWindows([...vmssh, ...args], { env });
    const found = outcome.stderr.matchAll(/ wait .*\((WSA\w+)\); again (.+)$/gm);
    return { ...outcome, retried: [...found].map(([, code, when]) => `${code} ${when}`) };
  };

  it('retries while the machine is not there, refuses, or the transport is down, as soon as it makes sense', async () => {
    const { code, stdout, retried } = await wait('10049,10051,10060,10061,10050,0');
    expect({ code, stdout, retried }).toEqual({
      code: 0,
      stdout: 'SSH-2.0-fake\n',
      retried: [
        ...['WSAEADDRNOTAVAIL in 0.1 s', 'WSAENETUNREACH in 0.2 s', 'WSAETIMEDOUT in 0.2 s'],
        ...['WSAECONNREFUSED in 0.3 s', 'WSAENETDOWN in 0.5 s'],
      ],
    });
  });

  it.each(['10013', '10047'])('ends at once after %s, which waiting does not fix', async (number) => {
    const started = Date.now();
    expect(await wait(number)).toMatchObject({ code: 1, retried: [] });
    expect(Date.now() - started).toBeLessThan(20_000);
  });
});

/** What the program prints for a code, from the table; it names itself as it was called. */
function messageOf(code: string, program: readonly string[]): string {
  const row = hyperVFailures.find(({ codes }) => codes.includes(code));
  const fill = (text = '') => text.replaceAll('{address}', address).replaceAll('{port}', '22');
  // The user of Wine is an administrator, elevated.
  const hint = fill(row?.hintWithRights ?? row?.hint).replaceAll(targetHere, target);
  return `vmssh: cannot connect to "${target}": ${fill(row?.problem)} (${code})\nhint: ${hint.replaceAll(/vmssh (?=list|check|service|proxy|doctor|guest)/g, () => `${program.join(' ')} `)}\n`;
}
