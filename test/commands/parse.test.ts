import { describe, expect, it } from 'vitest';
import { type Command, type RawArgs, UsageError, understand } from '../../src/cli/command.js';
import { check } from '../../src/commands/check/check.js';
import { configPrint } from '../../src/commands/config/print.js';
import { nc } from '../../src/commands/proxy/nc.js';
import { proxy } from '../../src/commands/proxy/proxy.js';
import { fakeIo } from '../helpers/fake-io.js';

const raw = (positionals: readonly string[], options: RawArgs['options'] = {}): RawArgs => ({
  positionals,
  options,
});
const flags = { timeoutMs: 15_000, waitMs: undefined, start: false, verbose: false };
const terminal = fakeIo({ terminal: { stdin: true, stdout: true, stderr: true } });

interface Row {
  readonly name: string;
  readonly input: RawArgs;
  readonly want: object;
  readonly io?: typeof terminal;
}

interface Refusal {
  readonly input: RawArgs;
  readonly want: string;
}

const badPorts: readonly { port: string; why: string }[] = [
  { port: '', why: 'the port is missing' },
  { port: '-1', why: 'port "-1" cannot be used: it is negative' },
  { port: 'x', why: 'port "x" cannot be used: it is not a number' },
  { port: '4294967295', why: 'port 4294967295 cannot be used: vsock has ports 0 to 4294967294' },
];

/** A table for one command: what it makes of arguments, and which it refuses. */
function table(command: Command<unknown>, rows: readonly Row[], refusals: readonly Refusal[]): void {
  describe(command.name, () => {
    it.each(rows)('takes $name', ({ input, want, io = fakeIo() }) => {
      expect(understand(command, input, io)).toEqual(want);
    });
    it.each(refusals)('refuses: $want', ({ input, want }) => {
      expect(() => understand(command, input, fakeIo())).toThrow(new UsageError(want));
      expect(() => understand(command, input, fakeIo())).toThrow(UsageError);
    });
  });
}

const proxied = { text: 'vsock/3', port: 22, fdpass: false, ...flags };
table(
  proxy,
  [
    { name: 'HOST PORT', input: raw(['vsock/3', '22']), want: proxied },
    { name: 'port 0', input: raw(['vsock/3', '0']), want: { ...proxied, port: 0 } },
    { name: 'port 70000', input: raw(['vsock/3', '70000']), want: { ...proxied, port: 70000 } },
    { name: '--fdpass', input: raw(['vsock/3', '22'], { fdpass: true }), want: { ...proxied, fdpass: true } },
    {
      name: '--typed for the case',
      input: raw(['unix/tmp/foo', '22'], { typed: 'unix/tmp/Foo' }),
      want: { ...proxied, isTyped: true, text: 'unix/tmp/Foo' },
    },
    {
      name: '--typed of an alias',
      input: raw(['vsock/3', '22'], { typed: 'Web' }),
      want: { ...proxied, isTyped: true },
    },
    {
      name: '--timeout, --wait and -v',
      input: raw(['vsock/3', '22'], { timeout: '2.5', wait: '60', verbose: true }),
      want: { ...proxied, timeoutMs: 2500, isTimed: true, waitMs: 60_000, verbose: true },
    },
    {
      name: 'only --wait',
      input: raw(['vsock/3', '22'], { wait: true }),
      want: { ...proxied, waitMs: 120_000 },
    },
    { name: 'a host of no known kind', input: raw(['', '22']), want: { ...proxied, text: '' } },
  ],
  [
    { input: raw([]), want: 'expected HOST PORT, got nothing' },
    { input: raw(['vsock/3']), want: 'expected HOST PORT, got "vsock/3"' },
    { input: raw(['a', '1', 'b\n']), want: 'expected HOST PORT, got "a" "1" "b\\x0a"' },
    ...badPorts.map(({ port, why }) => ({ input: raw(['vsock/3', port]), want: why })),
  ],
);

const piped = { text: 'vsock/3', port: 22, banner: false, ...flags, forSsh: false };
const overVsock = ['vsock', 'vsock-mux', 'hyper-v'];
table(
  nc,
  [
    { name: 'TARGET', input: raw(['vsock/3']), want: piped },
    { name: 'TARGET PORT', input: raw(['vsock/3', '0']), want: { ...piped, port: 0 } },
    { name: 'who would log in, for nothing', input: raw(['ann@vsock/3']), want: piped },
    {
      name: 'a port in an ssh:// form',
      input: raw(['ssh://vsock/3:2222']),
      want: { ...piped, port: 2222 },
    },
    { name: 'another port after it', input: raw(['ssh://vsock/3:1', '2']), want: { ...piped, port: 2 } },
    { name: 'a port by -p', input: raw(['ssh://vsock/3:1'], { port: '2' }), want: { ...piped, port: 2 } },
    {
      name: 'a terminal for --banner',
      input: raw(['vsock/3']),
      want: { ...piped, banner: true },
      io: terminal,
    },
    { name: '--pipe on a terminal', input: raw(['vsock/3'], { pipe: true }), want: piped, io: terminal },
    {
      name: '--banner in a pipe',
      input: raw(['vsock/3'], { banner: true }),
      want: { ...piped, banner: true },
    },
    {
      name: 'the flags of hvc nc',
      input: raw(['hyper-v/mint', '22'], { transport: 'vsock,ip', ssh: true, 'host-prefix': 'hyper-v/' }),
      want: { ...piped, text: 'hyper-v/mint', forSsh: true, routes: [...overVsock, 'ip'] },
    },
    {
      name: '--ssh on a terminal',
      input: raw(['vsock/3'], { ssh: true }),
      want: { ...piped, forSsh: true },
      io: terminal,
    },
    {
      name: '--transport ip',
      input: raw(['vsock/3'], { transport: 'ip' }),
      want: { ...piped, routes: ['ip'] },
    },
    {
      name: 'a bare name on Windows, as hvc does',
      input: raw(['Mint', '22'], { transport: 'vsock' }),
      want: { ...piped, text: 'hyper-v/Mint', routes: overVsock },
      io: fakeIo({ platform: 'win32' }),
    },
    {
      name: 'a GUID on Windows, which is a target',
      input: raw(['86E0C1E9-782C-47E0-B7C2-99F8167F5178']),
      want: { ...piped, text: '86E0C1E9-782C-47E0-B7C2-99F8167F5178' },
      io: fakeIo({ platform: 'win32' }),
    },
    {
      name: 'a bare name elsewhere',
      input: raw(['Mint']),
      want: { ...piped, text: 'Mint' },
    },
    {
      name: 'a name without its prefix',
      input: raw(['mint', '22'], { 'host-prefix': 'hyper-v/' }),
      want: { ...piped, text: 'hyper-v/mint' },
    },
    {
      name: '--wait and --timeout',
      input: raw(['vsock/3'], { wait: true, timeout: '0.001' }),
      want: { ...piped, waitMs: 120_000, timeoutMs: 1, isTimed: true },
    },
  ],
  [
    { input: raw([]), want: 'expected TARGET [PORT], got nothing' },
    { input: raw(['a', '1', 'b']), want: 'expected TARGET [PORT], got "a" "1" "b"' },
    { input: raw(['a', '1'], { port: '2' }), want: 'the port is given twice: "1" and --port 2' },
    { input: raw(['a'], { pipe: true, banner: true }), want: '--banner and --pipe cannot be used together' },
    { input: raw(['a'], { transport: 'tcp' }), want: '--transport takes any of vsock, ip, not "tcp"' },
    { input: raw(['a'], { transport: '' }), want: '--transport takes any of vsock, ip, not ""' },
    ...badPorts.map(({ port, why }) => ({ input: raw(['vsock/3', port]), want: why })),
  ],
);

const last = { until: 'login', over: undefined, sshConfig: undefined };
const checked = { targets: ['vsock/3'], port: undefined, user: undefined, json: false, ...last, ...flags };
table(
  check,
  [
    { name: 'a target', input: raw(['vsock/3']), want: checked },
    { name: 'several', input: raw(['a', 'b', 'a']), want: { ...checked, targets: ['a', 'b', 'a'] } },
    {
      name: 'all of its options',
      input: raw(['vsock/3'], {
        port: '70000',
        user: 'ann',
        json: true,
        wait: '1',
        timeout: '3',
        verbose: true,
      }),
      want: {
        ...checked,
        port: 70000,
        user: 'ann',
        json: true,
        waitMs: 1000,
        timeoutMs: 3000,
        isTimed: true,
        verbose: true,
      },
    },
  ],
  [
    { input: raw([]), want: 'expected one or more targets, got nothing' },
    ...badPorts.map(({ port, why }) => ({ input: raw(['vsock/3'], { port }), want: why })),
  ],
);

table(
  configPrint,
  [
    {
      name: 'nothing',
      input: raw([]),
      want: { system: false, sshOptions: [] },
    },
  ],
  [{ input: raw(['x']), want: 'expected no argument, got "x"' }],
);
