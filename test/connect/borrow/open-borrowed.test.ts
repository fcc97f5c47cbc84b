import { existsSync, mkdirSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import type { Opener, Use } from '../../../src/connect/borrow/open-borrowed.js';
import { openBorrowed, openers, openersFor } from '../../../src/connect/borrow/open-borrowed.js';
import type { Connection } from '../../../src/connect/connection.js';
import { openConnection } from '../../../src/connect/open.js';
import { refusing } from '../../helpers/expected.js';
import { lacks } from '../../helpers/programs.js';
import { isAlive } from '../../helpers/run.js';
import { useSocketFolder } from '../socket-folder.js';
import { standIns, toolFolder, writeProgram } from './stand-ins.js';

const native = () => ({ missing: new Error('left out') });
const vsock = { family: 'vsock', cid: 42, port: 22 } as const;
const skip = lacks('python3', 'socat') !== undefined;
const text = (bytes: Uint8Array) => Buffer.from(bytes).toString('latin1');

const folder = useSocketFolder();
let opened: Connection | undefined;
afterEach(() => {
  opened?.close();
  opened = undefined;
});

async function open(env: NodeJS.ProcessEnv, more: { timeoutMs?: number; signal?: AbortSignal } = {}) {
  const options = { timeoutMs: 20_000, env, ...more };
  opened = await openConnection(vsock, options, native, 'linux');
  return opened;
}

describe.each(standIns)('a vsock opened by %s', (tool) => {
  const env = () => ({ PATH: toolFolder(folder.path, tool) });

  it.skipIf(skip)('is read without being taken, written, and closed in one direction', async () => {
    await folder.listen((socket) => {
      socket.write('SSH-2.0-x\r\n');
      let got = '';
      socket.on('data', (part) => {
        got += part;
      });
      socket.on('end', () => socket.end(`${got.length} bytes`));
    }, '42');
    const connection = await open(env());
    expect(connection).toMatchObject({ endpoint: vsock, handle: undefined, note: `, by ${tool}` });
    expect(text(await connection.peek(10, 100, 20_000))).toBe('SSH-2.0-x\r\n');
    expect(text(await connection.read(11))).toBe('SSH-2.0-x\r\n');
    await connection.write(Buffer.alloc(3_000_000, 'x'));
    connection.shutdown();
    expect(text(await connection.read(100))).toBe('3000000 bytes');
    expect(await connection.read(100)).toHaveLength(0);
  });

  it.skipIf(skip)('has the errno of a refusal', async () => {
    await folder.abandon('42');
    await expect(open(env())).rejects.toMatchObject({
      ...{ name: 'ConnectError', op: 'connect', code: 'ECONNREFUSED' },
      problem: expect.stringMatching(/nothing listens on its vsock port 22 \(ECONNREFUSED\)$/),
    });
  });
});

describe('a tool', () => {
  const bin = () => {
    mkdirSync(folder.at('bin'), { recursive: true });
    return folder.at('bin');
  };
  const program = (name: string, script: string) => writeProgram(join(bin(), name), script);
  const env = () => ({ PATH: bin() });

  // What each says for a vsock.
  it.each([
    ['python3', 'vmssh errno ENODEV'],
    ['socat', '2026/11/23 02:08:27 socat[7] E connect(5, AF=40 cid:42 port:22, 16): No such device'],
  ])('$0 reports what the addon would', async (name, says) => {
    program(name, `echo '${says}' >&2; exit 1`);
    await expect(open(env())).rejects.toMatchObject({
      ...{
        op: 'connect',
        code: 'ENODEV',
        problem: expect.stringMatching(/^no running machine has this CID/),
      },
    });
  });

  it('has the language of its messages set', async () => {
    program('socat', 'echo "E x: $LC_ALL" >&2; [ "$LC_ALL" = C ] && echo " E x: Broken pipe" >&2; exit 1');
    await expect(open({ ...env(), LC_ALL: 'de_DE.UTF-8' })).rejects.toMatchObject({ code: 'EPIPE' });
  });

  it.skipIf(skip)('that cannot open a vsock is passed over', async () => {
    await folder.listen((socket) => socket.end('hello'), '42');
    program('python3', 'echo "pyenv: python3: command not found" >&2; exit 127');
    program('socat', `exec ${join(toolFolder(folder.path, 'socat'), 'socat')} "$@"`);
    const connection = await open(env());
    expect(connection.note).toBe(', by socat');
    expect(text(await connection.read(5))).toBe('hello');
  });

  it('is looked for as long as there is one, and then it says what to install', async () => {
    await expect(open(env())).rejects.toMatchObject({
      code: 'NO_ADDON',
      problem: 'vsock needs the native addon, or python3 or socat on this host. left out',
      hint: expect.stringMatching(/^apt-get install python3; /),
    });
    program('socat', 'echo "unknown device/address \\"VSOCK-CONNECT\\"" >&2; exit 1');
    await expect(open(env())).rejects.toMatchObject(
      refusing('NO_ADDON', '/socat: unknown device/address "VSOCK-CONNECT"'),
    );
  });

  it('that gives no answer in time is ended', async () => {
    program('python3', `echo $$ >'${folder.at('pid')}'; exec sleep 60`.replace('sleep', '/bin/sleep'));
    await expect(open(env(), { timeoutMs: 300 })).rejects.toMatchObject({ code: 'ETIMEDOUT' });
  });

  it('is ended by an abort', async () => {
    const abort = new AbortController();
    program('python3', 'exec /bin/sleep 60');
    const opening = open(env(), { signal: abort.signal });
    setImmediate(() => abort.abort());
    await expect(opening).rejects.toMatchObject({ code: 'INTERRUPTED' });
  });

  it.skipIf(skip)('that loses the machine is no end-of-file', async () => {
    program('python3', 'echo "vmssh by python3" >&2; printf half; echo "vmssh lost ECONNRESET" >&2; exit 1');
    const connection = await open(env());
    expect(text(await connection.read(4))).toBe('half');
    await expect(connection.read(4)).rejects.toMatchObject({ code: 'ECONNRESET' });
  });

  it('passes a socket to ssh, or it is not asked to', async () => {
    const passing: string[] = [];
    for (const { name, uses } of openers) if (uses.includes('pass')) passing.push(name);
    expect(passing).toEqual(['python3', 'systemd-ssh-proxy']);
    const options = { timeoutMs: 20_000, env: env(), stdio: 'pass' } as const;
    program('socat', 'exit 0');
    // Some systems have the last one.
    const nowhere = openers.map((each) => (each.places ? { ...each, places: ['/proc/none/tool'] } : each));
    const none = (use: 'pipe' | 'relay' | 'pass', where: NodeJS.ProcessEnv) =>
      openersFor(use, where, undefined, nowhere);
    await expect(openBorrowed(vsock, options, new Error('left out'), none)).rejects.toMatchObject(
      refusing('NO_ADDON', 'python3 or systemd-ssh-proxy'),
    );
  });
});

describe('a program that opens a vsock', () => {
  const missing = new Error('left out');
  const named = (name: string): Opener => {
    const tool = openers.find((each) => each.name === name);
    if (!tool) throw new Error(`no ${name}`);
    return tool;
  };

  /** Opens by scripts in place of the programs, in this order. */
  async function by(
    scripts: Readonly<Record<string, string>>,
    { use, ...more }: { use?: Use; timeoutMs?: number; signal?: AbortSignal } = {},
  ) {
    const found = Object.entries(scripts).map(([name, script]) => {
      const path = folder.at(name);
      if (script.startsWith('#!')) writeFileSync(path, script, { mode: 0o755 });
      else writeProgram(path, script);
      return { tool: named(name), path };
    });
    async function* find() {
      yield* found;
    }
    const stdio = use === 'pipe' ? undefined : use;
    const options = { timeoutMs: 20_000, env: { PATH: folder.path }, ...(stdio && { stdio }), ...more };
    opened = await openBorrowed(vsock, options, missing, find);
    return opened;
  }
  const ofFile = (name: string) => readFileSync(folder.at(name), 'utf8').trim();
  const isOpen = { python3: 'vmssh by python3', socat: 'N starting data transfer loop with FDs [5,5]' };
  const says = (line: string) => `echo '2026/11/23 02:08:27 socat[7] ${line}' >&2`;

  it.each([
    { name: 'python3', use: 'pipe', want: '-I -S -c vmssh vsock 42 22 20 relay' },
    { name: 'python3', use: 'relay', want: '-I -S -c vmssh vsock 42 22 20 relay' },
    { name: 'python3', use: 'pass', want: '-I -S -c vmssh vsock 42 22 20 pass' },
    { name: 'socat', use: 'pipe', want: '-d -d -t 86400 - VSOCK-CONNECT:42:22' },
    { name: 'socat', use: 'relay', want: '-d -d -t 10 - VSOCK-CONNECT:42:22' },
  ] as const)('is told the machine and the time: $name to $use', async ({ name, use, want }) => {
    const words = name === 'python3' ? `"$1 $2 $3 $5 $6 $7 $8 $9 \${10}"` : '"$*"';
    const shown = name === 'python3' ? isOpen.python3 : `x ${isOpen.socat}`;
    const connection = await by(
      { [name]: `echo ${words} >'${folder.at('words')}'; echo '${shown}' >&2` },
      { use },
    );
    expect(ofFile('words')).toBe(want);
    expect(connection.note).toBe(`, by ${name}`);
  });

  it('has a whole second at least', async () => {
    const script = `echo "$9" >'${folder.at('seconds')}'; echo 'vmssh by python3' >&2`;
    await by({ python3: script }, { timeoutMs: 900 });
    expect(ofFile('seconds')).toBe('1');
  });

  it('has passed the socket once it ends well: systemd-ssh-proxy', async () => {
    const connection = await by(
      { 'systemd-ssh-proxy': `echo "$*" >'${folder.at('words')}'` },
      { use: 'pass' },
    );
    expect(ofFile('words')).toBe('vsock/42 22');
    expect(connection.note).toBe(', by systemd-ssh-proxy');
    await expect(connection.carried).resolves.toBeUndefined();
  });

  it('says why it passed none: systemd-ssh-proxy', async () => {
    const script = "echo 'Failed to connect to vsock:42:22: Connection refused' >&2; exit 1";
    await expect(by({ 'systemd-ssh-proxy': script }, { use: 'pass' })).rejects.toMatchObject({
      code: 'ECONNREFUSED',
      message: 'systemd-ssh-proxy: ECONNREFUSED',
    });
  });

  it.each([
    ['Connection reset by peer', 'ECONNRESET'],
    ['Connection refused', 'ECONNREFUSED'],
    ['Connection timed out', 'ETIMEDOUT'],
    ['Operation timed out', 'ETIMEDOUT'],
    ['No such device', 'ENODEV'],
    ['No route to host', 'EHOSTUNREACH'],
    ['Host is unreachable', 'EHOSTUNREACH'],
    ['Network is unreachable', 'ENETUNREACH'],
    ['Network unreachable', 'ENETUNREACH'],
    ['Address family not supported by protocol', 'EAFNOSUPPORT'],
    ['Protocol not supported', 'EPROTONOSUPPORT'],
    ['Socket type not supported', 'ESOCKTNOSUPPORT'],
    ['Permission denied', 'EACCES'],
    ['Operation not permitted', 'EPERM'],
    ['Invalid argument', 'EINVAL'],
    ['Cannot assign requested address', 'EADDRNOTAVAIL'],
    ['Address not available', 'EADDRNOTAVAIL'],
    ['Broken pipe', 'EPIPE'],
    ['Transport endpoint is not connected', 'ENOTCONN'],
    ['Socket not connected', 'ENOTCONN'],
    ['Protocol error', 'EPROTO'],
    ['Too many open files', 'EMFILE'],
    ['No file descriptors available', 'EMFILE'],
    ['Too many open files in system', 'ENFILE'],
    ['Cannot allocate memory', 'ENOMEM'],
    ['Out of memory', 'ENOMEM'],
    ['No buffer space available', 'ENOBUFS'],
  ])('fails with the errno whose text it prints: %s', async (text, code) => {
    const line = says(`E connect(5, AF=40 cid:42 port:22, 16): ${text}`);
    await expect(by({ socat: `${line}; exit 1` })).rejects.toMatchObject({ code, message: `socat: ${code}` });
  });

  it('is understood if its line comes in parts, or is not its last one', async () => {
    const parts = "printf 'vmssh err' >&2; /bin/sleep 0.1; echo 'no ENODEV' >&2; echo bye >&2; exit 1";
    await expect(by({ python3: parts })).rejects.toMatchObject({ code: 'ENODEV' });
  });

  it('is open, or has failed, only once it says so in a line of its own', async () => {
    const parts = ['xvmssh by python3', 'vmssh by python3x', 'x vmssh errno ENODEV', 'vmssh errno ENODEV x'];
    const script = `${parts.map((part) => `echo '${part}' >&2`).join('; ')}; exit 1`;
    await expect(by({ python3: script })).rejects.toMatchObject(refusing('NO_ADDON', parts.at(-1) ?? ''));
  });

  it.each([
    ['its last line that is not blank', "echo first >&2; printf ' bad \n \n' >&2; exit 1", 'bad'],
    ['its exit code', 'exit 7', 'exit code 7'],
    ['an end without an answer', 'exit 0', 'exit code 0'],
    ['a signal', 'kill -9 $$', 'a signal ended it: SIGKILL'],
    ['the beginning of a long line', `echo ${'x'.repeat(900)} >&2; exit 1`, 'x'.repeat(200)],
    [
      'an unknown error of its own',
      `${says('E exec: Exec format error')}; exit 1`,
      '2026/11/23 02:08:27 socat[7] E exec: Exec format error',
    ],
  ])('is named with $0 if it cannot open any', async (_name, script, want) => {
    await expect(by({ socat: script })).rejects.toMatchObject({
      ...{ name: 'ConnectError', code: 'NO_ADDON', final: true, cause: missing },
      problem: `vsock needs the native addon, or python3 or socat on this host (${folder.at('socat')}: ${want}). left out`,
    });
  });

  it.each(['pipe', 'relay'] as const)(
    'that cannot be started is named, and the next one tried, to %s',
    async (use) => {
      const broken = `#!${folder.at('nothing')}\n`;
      const two = { python3: broken, socat: 'echo no >&2; exit 1' };
      await expect(by(two, { use })).rejects.toMatchObject(
        refusing('NO_ADDON', /\(\S+\/python3: .*ENOENT; \S+\/socat: no\)\. left out$/),
      );
      const connection = await by({ ...two, socat: `echo ' ${isOpen.socat} ' >&2` }, { use });
      expect(connection.note).toBe(', by socat');
    },
  );

  it('that would pass a socket is missing: what to install', async () => {
    await expect(by({}, { use: 'pass' })).rejects.toMatchObject({
      ...{ code: 'NO_ADDON', final: true },
      problem:
        'passing a vsock to ssh needs the native addon, or python3 or systemd-ssh-proxy on this host. left out',
      hint: expect.stringContaining('apt-get install python3'),
    });
  });

  describe.each(['pipe', 'relay'] as const)('to %s', (use) => {
    const silent = () =>
      `echo $$ >'${folder.at('new')}'; /bin/mv '${folder.at('new')}' '${folder.at('pid')}'; exec /bin/sleep 1000`;
    const isEnded = () => expect.poll(() => isAlive(Number(ofFile('pid')))).toBe(false);

    it('is ended if it gives no answer in time', async () => {
      await expect(by({ python3: silent() }, { use, timeoutMs: 500 })).rejects.toMatchObject({
        code: 'ETIMEDOUT',
      });
      if (existsSync(folder.at('pid'))) await isEnded();
    });

    it('is ended by an abort while it has given no answer', async () => {
      const abort = new AbortController();
      const opening = by({ python3: silent() }, { use, timeoutMs: 3_600_000, signal: abort.signal });
      const failed = expect(opening).rejects.toThrow('enough');
      await expect.poll(() => existsSync(folder.at('pid'))).toBe(true);
      abort.abort(new Error('enough'));
      await failed;
      await isEnded();
    });

    it('goes on after an abort once it is open', async () => {
      const abort = new AbortController();
      const script = `echo 'vmssh by python3' >&2; until [ -e '${folder.at('go')}' ]; do /bin/sleep 0.05; done`;
      const connection = await by({ python3: script }, { use, signal: abort.signal });
      abort.abort();
      writeFileSync(folder.at('go'), '');
      expect(await connection.read(10)).toHaveLength(0);
    });

    it('ends when it is closed', async () => {
      const connection = await by({ python3: `echo 'vmssh by python3' >&2; ${silent()}` }, { use });
      await expect.poll(() => existsSync(folder.at('pid'))).toBe(true);
      connection.close();
      await isEnded();
    });

    it.each([
      { last: 'echo "vmssh lost ETIMEDOUT" >&2', code: 'ETIMEDOUT' },
      { last: ':', code: 'ECONNRESET' },
    ])('has lost the machine with $code if it ends so', async ({ last, code }) => {
      const connection = await by({ python3: `echo 'vmssh by python3' >&2; ${last}; exit 1` }, { use });
      await expect(connection.read(10)).rejects.toMatchObject({ code, message: 'the connection was lost' });
    });

    it('reaches the end-of-file if it ends well', async () => {
      const connection = await by({ python3: "echo 'vmssh by python3' >&2" }, { use });
      expect(await connection.read(10)).toHaveLength(0);
    });
  });

  it.skipIf(!existsSync('/proc/self/fd'))(
    'has our own stdin and stdout to relay, and there is nothing to read or write here',
    async () => {
      const show = [0, 1].map(
        (fd) => `there=$(/bin/readlink /proc/$$/fd/${fd}); echo "$there" >'${folder.at(`fd${fd}`)}'`,
      );
      const script = `${show.join('; ')}; echo 'vmssh by python3' >&2`;
      const connection = await by({ python3: script }, { use: 'relay' });
      for (const fd of [0, 1]) expect(ofFile(`fd${fd}`)).toBe(readlinkSync(`/proc/self/fd/${fd}`));
      expect(connection).toMatchObject({ endpoint: vsock, handle: undefined });
      await expect(connection.write(Buffer.from('x'))).rejects.toMatchObject({ code: 'EPIPE' });
      await expect(connection.carried).resolves.toBeUndefined();
      expect(await connection.peek(0, 10, 1000)).toHaveLength(0);
    },
  );

  it('says how the carrying ended, to whoever waits for that', async () => {
    const lost = await by(
      { python3: "echo 'vmssh by python3' >&2; echo 'vmssh lost EPIPE' >&2; exit 1" },
      { use: 'relay' },
    );
    await expect(lost.carried).rejects.toMatchObject({ code: 'EPIPE' });
  });
});
