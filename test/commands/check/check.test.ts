import { describe, expect, it } from 'vitest';
import { ConnectError } from '../../../src/base/errors.js';
import { type CheckResult, formatCheck } from '../../../src/checks/result.js';
import { rowFormatter } from '../../../src/cli/rows.js';
import { check } from '../../../src/commands/check/check.js';
import { nc } from '../../../src/commands/proxy/nc.js';
import { useSocketFolder } from '../../connect/socket-folder.js';
import { fakeIo } from '../../helpers/fake-io.js';
import { lacks } from '../../helpers/programs.js';
import { vmssh } from '../../helpers/run.js';

// Without ssh nothing tells the user's StrictHostKeyChecking.
const noSsh = lacks('ssh');

const flags = { timeoutMs: 20_000, waitMs: undefined, start: false, verbose: false };

describe('formatCheck', () => {
  const shown = async (result: CheckResult, columns?: number) => {
    const io = fakeIo({ columns });
    return formatCheck(result, await rowFormatter(io));
  };
  const stages = [
    { stage: 'parsed', ms: 0.3, found: 'unix {}' },
    { stage: 'authentication', ms: 1234.5, found: 'publickey\x1b for root' },
  ] as const;

  it('has one line per stage', async () => {
    expect(await shown({ target: 'unix/x\u202e', stages })).toBe(
      [
        'unix/x\\u{202e}',
        '  ✓ find               0.3 ms  unix {}',
        '  ✓ log in          1234.5 ms  publickey\\x1b for root',
        '',
      ].join('\n'),
    );
  });

  const long = [
    { stage: 'resolved', ms: 1, found: 'systemd knows vm "web" → it has the address "unix/run/x"' },
  ] as const;
  it('breaks a long line at words, below its beginning', async () => {
    const indent = ' '.repeat(31);
    expect((await shown({ target: 'web', stages: long }, 60)).split('\n')).toEqual([
      'web',
      '  ✓ find               1.0 ms  systemd knows vm "web" → it',
      `${indent}has the address "unix/run/x"`,
      '',
    ]);
  });

  it('ends with what stopped it', async () => {
    const error = new ConnectError('connect', 'x', { code: 'ENOENT', problem: 'why\n', hint: 'do\r' });
    const without = new ConnectError('connect', 'x', { code: 'ENOENT', problem: 'why' });
    const failed = '  ✗ connect                    why';
    expect(await shown({ target: 'x', stages: [], error })).toBe(`x\n${failed}\\x0a\n    hint: do\\x0d\n`);
    expect(await shown({ target: '', stages: [], error: without })).toBe(`""\n${failed}\n`);
    const handshake = new ConnectError('handshake', 'x', { code: 'HANDSHAKE', problem: 'why' });
    const banner = [{ stage: 'banner', ms: 1, found: 'x' }] as const;
    expect(await shown({ target: 'x', stages: [], error: handshake })).toContain('✗ banner ');
    expect(await shown({ target: 'x', stages: banner, error: handshake })).toContain('✗ host key ');
  });
});

describe('on real sockets', () => {
  const folder = useSocketFolder();
  const last = { over: undefined, sshConfig: undefined, until: 'authentication' } as const;
  const all = { port: 22, user: 'root', json: true, ...last, ...flags };

  it.skipIf(noSsh)(
    'check reports in JSON where each target stopped, and exits like the first that failed',
    async () => {
      const path = await folder.listen((peer) => peer.end('SSH-2.0-x\r\n'));
      const targets = [`unix${path}`, `unix${folder.at('nothing')}`, 'foo/bar'];
      const io = fakeIo();
      expect(await check.run({ ...all, targets }, io)).toBe(1);
      const { results } = JSON.parse(io.stdout.join(''));
      expect(results).toMatchObject([
        { target: targets[0], ok: false, exitCode: 1, error: { op: 'handshake', code: 'HANDSHAKE' } },
        { target: targets[1], ok: false, exitCode: 1, error: { op: 'connect', code: 'ENOENT' } },
        { target: 'foo/bar', ok: false, exitCode: 2, error: { op: 'parse', code: 'USAGE' }, stages: [] },
      ]);
      const names = results.map(({ stages }: { stages: { stage: string }[] }) =>
        stages.map(({ stage }) => stage),
      );
      expect(names).toEqual([['parsed', 'resolved', 'connected', 'banner'], ['parsed', 'resolved'], []]);
    },
  );

  it('check says of a multiplexer that is silent that the machine hangs, and never that it is open', async () => {
    const path = await folder.listen((peer) => peer.resume());
    const io = fakeIo();
    expect(await check.run({ ...all, timeoutMs: 6000, targets: [`vsock-mux${path}`] }, io)).toBe(3);
    const hangs = 'the machine takes no connection: it hangs, or boots';
    const error = {
      problem: hangs,
      hint: expect.stringMatching(/^use --wait while it boots; if it hangs, /),
    };
    const { results } = JSON.parse(io.stdout.join(''));
    expect(results).toMatchObject([{ error, stages: [{ stage: 'parsed' }, { stage: 'resolved' }] }]);
  });

  it.each([true, false])(
    'many are checked at once, and each is printed in one piece, in order: --json %s',
    async (json) => {
      let [isFree, answer] = [false, () => {}];
      const free = () => {
        isFree = true;
        answer();
      };
      const slowPath = await folder.listen((peer) => {
        answer = () => peer.end('SSH-2.0-slow\r\n');
        if (isFree) answer();
      }, 'slow');
      const fastPath = await folder.listen((peer) => {
        peer.end('SSH-2.0-fast\r\n');
        free();
      }, 'fast');
      const [slow, fast] = [`unix${slowPath}`, `unix${fastPath}`];
      const stdout: string[] = [];
      const io = { ...fakeIo(), out: (text: string) => void stdout.push(text) };
      expect(await check.run({ ...all, json, until: 'banner', targets: [slow, fast, slow] }, io)).toBe(0);
      const [first = '', ...others] = stdout;
      if (json) {
        expect(others).toEqual([]);
        const { results } = JSON.parse(first);
        expect(results.map(({ target }: { target: string }) => target)).toEqual([slow, fast, slow]);
      } else {
        expect(stdout.map((text) => text.split('\n')[0])).toEqual([slow, fast, '2 of 2 work']);
        expect(first).toContain('SSH-2.0-slow');
      }
    },
  );

  it.each([
    { name: 'before the banner', greeting: '' },
    ...(noSsh ? [] : [{ name: 'in the handshake', greeting: 'SSH-2.0-x\r\n' }]),
  ])('check ends on Ctrl-C $name', async ({ greeting }) => {
    const abort = new AbortController();
    const path = await folder.listen((peer) => {
      peer.write(greeting);
      if (greeting === '') setImmediate(() => abort.abort());
      else peer.once('data', () => abort.abort());
    });
    const io = fakeIo({ interrupted: () => abort.signal, self: vmssh, env: process.env });
    expect(await check.run({ ...all, targets: [`unix${path}`] }, io)).toBe(130);
    expect(JSON.parse(io.stdout.join(''))).toMatchObject({ results: [{ error: { code: 'INTERRUPTED' } }] });
  });

  const banner = { port: 22, banner: true, forSsh: false, ...flags };
  it('nc --banner prints the banner', async () => {
    const path = await folder.listen((peer) => peer.write('hello\r\nSSH-2.0-x\x1b y\r\n'));
    const io = fakeIo();
    expect(await nc.run({ ...banner, text: `unix${path}` }, io)).toBe(0);
    expect(io.stdout).toEqual(['SSH-2.0-x\\x1b y\n']);
  });

  it.each([undefined, 20_000])('nc --banner ends on Ctrl-C, with --wait %s', async (waitMs) => {
    const abort = new AbortController();
    const path = await folder.listen(() => setImmediate(() => abort.abort()));
    const io = fakeIo({ interrupted: () => abort.signal });
    const running = nc.run({ ...banner, waitMs, text: `unix${path}` }, io);
    await expect(running).rejects.toMatchObject({ code: 'INTERRUPTED' });
    expect(io.stdout).toEqual([]);
  });
});
