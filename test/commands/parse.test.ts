import { describe, expect, it } from 'vitest';
import { type Command, type RawArgs, UsageError, understand } from '../../src/cli/command.js';
import { check } from '../../src/commands/check/check.js';
import { configPrint } from '../../src/commands/config/print.js';
import { nc } from '../../src/commands/proxy/nc.js';
import { proxy } from '../../src/commands/proxy/proxy.js';
import { fakeIo } from '../helpers/fake-io.js';

/** A text is words with blanks between them. */
const raw = (words: string | readonly string[], options: RawArgs['options'] = {}): RawArgs => ({
  positionals: typeof words === 'string' ? words.split(' ') : words,
  options,
});
const flags = { timeoutMs: 15_000, waitMs: undefined, start: false, verbose: false };
const terminal = fakeIo({ terminal: { stdin: true, stdout: true, stderr: true } });

type Row = [name: string, input: RawArgs, want: object, io?: typeof terminal];
type Refusal = [input: RawArgs, want: string];

const badPorts: readonly [port: string, why: string][] = [
  ['', 'the port is missing'],
  ['-1', 'port "-1" cannot be used: it is negative'],
  ['x', 'port "x" cannot be used: it is not a number'],
  ['4294967295', 'port 4294967295 cannot be used: vsock has ports 0 to 4294967294'],
];

/** A table for one command: what it makes of arguments, and which it refuses. */
function table(command: Command<unknown>, rows: readonly Row[], refusals: readonly Refusal[]): void {
  describe(command.name, () => {
    it.each(rows)('takes $0', (_name, input, want, io = fakeIo()) => {
      expect(understand(command, input, io)).toEqual(want);
    });
    it.each(refusals)('refuses: $1', (input, want) => {
      expect(() => understand(command, input, fakeIo())).toThrow(new UsageError(want));
      expect(() => understand(command, input, fakeIo())).toThrow(UsageError);
    });
  });
}

const proxied = { text: 'vsock/3', port: 22, fdpass: false, record: false, ...flags };
table(
  proxy,
  [
    ['HOST PORT', raw('vsock/3 22'), proxied],
    ['port 0', raw('vsock/3 0'), { ...proxied, port: 0 }],
    ['port 70000', raw('vsock/3 70000'), { ...proxied, port: 70000 }],
    ['--fdpass', raw('vsock/3 22', { fdpass: true }), { ...proxied, fdpass: true }],
    [
      '--typed for the case',
      raw('unix/tmp/foo 22', { typed: 'unix/tmp/Foo' }),
      { ...proxied, isTyped: true, text: 'unix/tmp/Foo' },
    ],
    ['--typed of an alias', raw('vsock/3 22', { typed: 'Web' }), { ...proxied, isTyped: true }],
    [
      '--timeout, --wait and -v',
      raw('vsock/3 22', { timeout: '2.5', wait: '60', verbose: true }),
      { ...proxied, timeoutMs: 2500, isTimed: true, waitMs: 60_000, verbose: true },
    ],
    ['only --wait', raw('vsock/3 22', { wait: true }), { ...proxied, waitMs: 120_000 }],
    ['a host of no known kind', raw(['', '22']), { ...proxied, text: '' }],
  ],
  [
    [raw([]), 'expected HOST PORT, got nothing'],
    [raw('vsock/3'), 'expected HOST PORT, got "vsock/3"'],
    [raw(['a', '1', 'b\n']), 'expected HOST PORT, got "a" "1" "b\\x0a"'],
    ...badPorts.map(([port, why]): Refusal => [raw(['vsock/3', port]), why]),
  ],
);

const piped = { text: 'vsock/3', port: 22, banner: false, ...flags, forSsh: false };
const overVsock = ['vsock', 'vsock-mux', 'hyper-v'];
table(
  nc,
  [
    ['TARGET', raw('vsock/3'), piped],
    ['TARGET PORT', raw('vsock/3 0'), { ...piped, port: 0 }],
    ['who would log in, for nothing', raw('ann@vsock/3'), piped],
    ['a port in an ssh:// form', raw('ssh://vsock/3:2222'), { ...piped, port: 2222 }],
    ['another port after it', raw('ssh://vsock/3:1 2'), { ...piped, port: 2 }],
    ['a port by -p', raw('ssh://vsock/3:1', { port: '2' }), { ...piped, port: 2 }],
    ['a terminal for --banner', raw('vsock/3'), { ...piped, banner: true }, terminal],
    ['--pipe on a terminal', raw('vsock/3', { pipe: true }), piped, terminal],
    ['--banner in a pipe', raw('vsock/3', { banner: true }), { ...piped, banner: true }],
    [
      'the flags of hvc nc',
      raw('hyper-v/mint 22', { transport: 'vsock,ip', ssh: true, 'host-prefix': 'hyper-v/' }),
      { ...piped, text: 'hyper-v/mint', forSsh: true, routes: [...overVsock, 'ip'] },
    ],
    ['--ssh on a terminal', raw('vsock/3', { ssh: true }), { ...piped, forSsh: true }, terminal],
    ['--transport ip', raw('vsock/3', { transport: 'ip' }), { ...piped, routes: ['ip'] }],
    [
      'a bare name on Windows, as hvc does',
      raw('Mint 22', { transport: 'vsock' }),
      { ...piped, text: 'hyper-v/Mint', routes: overVsock },
      fakeIo({ platform: 'win32' }),
    ],
    [
      'a GUID on Windows, which is a target',
      raw('86E0C1E9-782C-47E0-B7C2-99F8167F5178'),
      { ...piped, text: '86E0C1E9-782C-47E0-B7C2-99F8167F5178' },
      fakeIo({ platform: 'win32' }),
    ],
    ['a bare name elsewhere', raw('Mint'), { ...piped, text: 'Mint' }],
    [
      'a name without its prefix',
      raw('mint 22', { 'host-prefix': 'hyper-v/' }),
      { ...piped, text: 'hyper-v/mint' },
    ],
    [
      '--wait and --timeout',
      raw('vsock/3', { wait: true, timeout: '0.001' }),
      { ...piped, waitMs: 120_000, timeoutMs: 1, isTimed: true },
    ],
  ],
  [
    [raw([]), 'expected TARGET [PORT], got nothing'],
    [raw('a 1 b'), 'expected TARGET [PORT], got "a" "1" "b"'],
    [raw('a 1', { port: '2' }), 'the port is given twice: "1" and --port 2'],
    [raw('a', { pipe: true, banner: true }), '--banner and --pipe cannot be used together'],
    [raw('a', { transport: 'tcp' }), '--transport takes any of vsock, ip, not "tcp"'],
    [raw('a', { transport: '' }), '--transport takes any of vsock, ip, not ""'],
    ...badPorts.map(([port, why]): Refusal => [raw(['vsock/3', port]), why]),
  ],
);

const last = { until: 'login', over: undefined, sshConfig: undefined };
const checked = { targets: ['vsock/3'], port: undefined, user: undefined, json: false, ...last, ...flags };
table(
  check,
  [
    ['a target', raw('vsock/3'), checked],
    ['several', raw('a b a'), { ...checked, targets: ['a', 'b', 'a'] }],
    [
      'all of its options',
      raw('vsock/3', { port: '70000', user: 'ann', json: true, wait: '1', timeout: '3', verbose: true }),
      {
        ...{ ...checked, port: 70000, user: 'ann', json: true },
        ...{ waitMs: 1000, timeoutMs: 3000, isTimed: true, verbose: true },
      },
    ],
  ],
  [
    [raw([]), 'expected one or more targets, got nothing'],
    ...badPorts.map(([port, why]): Refusal => [raw('vsock/3', { port }), why]),
  ],
);

table(
  configPrint,
  [['nothing', raw([]), { system: false, sshOptions: [] }]],
  [[raw('x'), 'expected no argument, got "x"']],
);
