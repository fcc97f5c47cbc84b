import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it, onTestFinished } from 'vitest';
import type { OpenOptions } from '../../../src/connect/connection.js';
import { type Hop, openVia } from '../../../src/connect/via/open-via.js';
import type { ViaEndpoint } from '../../../src/typed/route.js';
import { refusing } from '../../helpers/expected.js';
import { findProgram, missingPrograms } from '../../helpers/programs.js';
import { useTempDir } from '../../helpers/temp-dir.js';
import { madeKey } from '../../keys/made-keys.js';
import { openers } from '../openers.js';
import { SocketFolder } from '../socket-folder.js';

const hv1: ViaEndpoint = { family: 'via', host: 'hv1', target: 'web', port: 22 };
const unix: ViaEndpoint = { ...hv1, at: { family: 'unix', path: '/run/x' } };
const mux: ViaEndpoint = { ...hv1, at: { family: 'vsock-mux', path: '/run/v', port: 2222 } };

/** How a stand-in for ssh answers to the command for the hypervisor, "$1", as the tools there do. */
const answers = (text: string) => `echo "$(expr "$1" : '.*\\(vmssh-[0-9a-f]*[-keys]*\\)') ${text}"`;

/** What the hypervisor, which is this host here, reaches a socket by. */
const carriers = ['python3', 'socat', 'ncat'];
const pick = Object.fromEntries(carriers.filter(findProgram).map((name) => [name, name]));
const missing = missingPrograms(carriers.some(findProgram) ? pick : { python3: 'python3' });

describe.each(openers)('a hop $how', ({ skip, native }) => {
  const dir = useTempDir();
  let count = 0;
  const opened: Hop[] = [];
  afterEach(() => {
    for (const hop of opened.splice(0)) hop.close();
  });

  /** An ssh that keeps its words, and then does as the script says: "$1" is the command, or the path of -W. */
  function ssh(script: string, version = 'OpenSSH_9.9p1') {
    const folder = join(dir, `${++count}`);
    mkdirSync(folder);
    const [program, words] = [join(folder, 'ssh'), join(folder, 'words')];
    writeFileSync(
      program,
      `#!/bin/sh
exec 2>/dev/null
[ "$1" = -V ] && { echo ${version}; exit 0; }
[ "$1" = -G ] && { echo hostname hv1; exit 0; }
printf '%s\\n' "$*" >>'${words}'
stream=
while [ "$1" != -- ]; do case $1 in -W) stream=$2 ;; -E) log=$2 ;; esac; shift; done
shift 2
[ -n "$stream" ] && set -- "$stream"
${script}
`,
    );
    chmodSync(program, 0o755);
    const { PATH } = process.env;
    return { env: { PATH, VMSSH_SSH: program }, calls: () => readFileSync(words, 'utf8').trim().split('\n') };
  }

  async function open(
    endpoint: ViaEndpoint,
    { env }: { readonly env: NodeJS.ProcessEnv },
    more: Partial<OpenOptions> = {},
  ): Promise<Hop> {
    const options = { timeoutMs: 20_000, env, ...more };
    const hop = await openVia(endpoint, options, native(), () => false);
    opened.push(hop);
    return hop;
  }

  async function echoed(hop: Hop): Promise<string> {
    await hop.write(Buffer.from('hello'));
    return Buffer.from(await hop.read(100)).toString();
  }

  it.skipIf(skip)('passes bytes once somebody there has answered', async () => {
    const program = ssh(`${answers('by socat')}; exec cat`);
    const hop = await open(unix, program);
    expect(hop.note).toBe(', by socat on hv1');
    expect(await echoed(hop)).toBe('hello');
    hop.shutdown();
    expect(await hop.read(100)).toHaveLength(0);
    expect(program.calls()).toEqual([
      expect.stringMatching(
        /^-T .* -o ConnectTimeout=20 -- hv1 exec 'sh' .*'vmssh-[0-9a-f]{32}' .*'unix' '\/run\/x' /,
      ),
    ]);
  });

  const dropped = 'kex_exchange_identification: Connection closed by remote host';
  it.skipIf(skip)('is tried again if its server dropped it, and not for another reason', async () => {
    const failing = (said: string, times: number) =>
      ssh(`[ $(wc -l <"$\{0%/*}/words") -gt ${times} ] && { ${answers('by socat')}; exec cat; }
echo '${said}' >>"$log"; exit 255`);
    expect(await echoed(await open(unix, failing(dropped, 2)))).toBe('hello');
    const banned = `kex_exchange_identification: banner line 0: Not allowed at this time\n${dropped}`;
    for (const said of ['ssh: connect to host hv1 port 22: Connection refused', banned]) {
      const program = failing(said, 2);
      await expect(open(unix, program)).rejects.toThrow('ssh to hv1 failed');
      expect(program.calls()).toHaveLength(1);
    }
    await expect(open(unix, failing(dropped, 99), { timeoutMs: 1000 })).rejects.toMatchObject({
      code: 'HOP_FAILED',
      hint: expect.stringMatching(/MaxStartups.* ControlPersist for Host hv1$/),
    });
  });

  const { key } = madeKey('ed25519');
  const keys = answers(`keys {\\"keys\\":[\\"${key}\\"]}`);
  it.skipIf(skip).each([
    { name: 'before the answer', said: `${keys}; ${answers('by vmssh')}`, want: [[key]], machine: '' },
    { name: 'of an older vmssh', said: answers('by vmssh'), want: [], machine: '' },
    { name: 'of a host without vmssh', said: answers('by socat'), want: [[]], machine: '' },
    { name: 'as another text', said: `${answers('keys x')}; ${answers('by vmssh')}`, want: [], machine: '' },
    { name: 'of the machine', said: `${answers('by vmssh')}; ${keys}`, want: [], machine: /^vmssh-\S+ keys/ },
  ])('takes keys if it asks for them: $name', async ({ said, want, machine }) => {
    const got: (readonly string[])[] = [];
    const program = ssh(`${said}; exec cat`);
    const hop = await open(unix, program, { hostKeys: (each) => got.push(each) });
    expect(got).toEqual(want);
    if (machine === '') expect(await echoed(hop)).toBe('hello');
    else expect(Buffer.from(await hop.read(100)).toString()).toMatch(machine);
    expect(program.calls()).toEqual([expect.stringMatching(/'vmssh-[0-9a-f]{32}-keys' /)]);
  });

  it.skipIf(skip)('goes on after an abort once it is open', async () => {
    const abort = new AbortController();
    const hop = await open(unix, ssh(`${answers('by socat')}; exec cat`), { signal: abort.signal });
    abort.abort();
    expect(await echoed(hop)).toBe('hello');
    hop.shutdown();
    expect(await hop.read(100)).toHaveLength(0);
  });

  it.skipIf(skip).each([
    { name: 'a machine starts', startMs: 3_600_000, asks: false },
    { name: 'ssh may ask its user something', startMs: undefined, asks: true },
  ])('has more time if $name', async ({ startMs, asks }) => {
    const { env } = ssh(`sleep 1; ${answers('by socat')}; exec cat`);
    const hop = await openVia(
      unix,
      { timeoutMs: 100, env, ...(startMs !== undefined && { startMs }) },
      native(),
      () => asks,
    );
    opened.push(hop);
    expect(await echoed(hop)).toBe('hello');
  });

  it.skipIf(skip)('says what was printed before', async () => {
    const hop = await open(unix, ssh(`printf 'Good \\033morning\\n'; ${answers('by x')}; exec cat`));
    expect(hop.note).toBe(', by x on hv1; it printed before: "Good \\x1bmorning"');
    const long = await open(unix, ssh(`printf %0500d 0; ${answers('by x')}; exec cat`));
    expect(long.note).toBe(`, by x on hv1; it printed before: "${'0'.repeat(300)}"`);
  });

  it.skipIf(skip)('over another one has the name of the last', async () => {
    const hop = await open({ ...hv1, at: { ...unix, host: 'hv2' } }, ssh(`${answers('by x')}; exec cat`));
    expect(hop.note).toBe(', by x on hv2');
  });

  it.skipIf(skip)('is lost, and not at its end, if ssh fails later', async () => {
    const failing = await open(unix, ssh(`${answers('by x')}; exit 7`));
    await expect(failing.read(1)).rejects.toMatchObject({
      code: 'HOP_LOST',
      message: 'ssh hv1: exit code 7',
    });
    const killed = await open(unix, ssh(`${answers('by x')}; kill -KILL $$`));
    await expect(killed.read(1)).rejects.toMatchObject({
      code: 'HOP_LOST',
      message: 'ssh hv1: a signal ended it: SIGKILL',
    });
  });

  it.skipIf(skip || missing)('reaches a socket by what it has the hypervisor run', async () => {
    const folder = new SocketFolder();
    onTestFinished(() => folder.stop());
    const path = await folder.listen((socket) => socket.end('SSH-2.0-x\r\n'));
    const hop = await open({ ...hv1, at: { family: 'unix', path } }, ssh('exec sh -c "$1"'));
    expect(Buffer.from(await hop.read(11)).toString()).toBe('SSH-2.0-x\r\n');
  });

  const report = '{\\"op\\":\\"resolve\\",\\"code\\":\\"NOT_FOUND\\",\\"problem\\":\\"none\\"}';
  it.skipIf(skip).each([
    ['an errno there', answers('errno ENOENT'), 'ENOENT', /^on hv1, no socket at \/run\/x \(ENOENT\)$/],
    ['a report of the vmssh there', answers(`failed ${report}`), 'NOT_FOUND', /^on hv1, none$/],
    ['no vmssh there', answers('no-vmssh'), 'HOP_NO_VMSSH', /\(HOP_NO_VMSSH\)$/],
    ['an ssh that fails', 'exit 255', 'HOP_FAILED', /above \(HOP_FAILED\): exit code 255$/],
    [
      'a shell that fails',
      'echo "no such command"; exit 127',
      'HOP_NO_SHELL',
      /: exit code 127; it printed "no such command"$/,
    ],
    ['a shell that does nothing', 'exit 0', 'HOP_NO_SHELL', /: exit code 0$/],
    ['an ssh that is killed', 'kill -TERM $$', 'HOP_FAILED', /: a signal ended it: SIGTERM$/],
  ] as const)('fails with the words for $0', async (_name, script, code, problem) => {
    const op = code === 'NOT_FOUND' ? 'resolve' : 'connect';
    await expect(open(unix, ssh(script))).rejects.toMatchObject({
      ...{ target: expect.any(String), op, code },
      problem: expect.stringMatching(problem),
    });
  });

  it.skipIf(skip)('fails if a hypervisor without a tool has no path for ssh -W', async () => {
    const vsock: ViaEndpoint = { ...hv1, at: { family: 'vsock', cid: 3, port: 22 } };
    const program = ssh(answers('no-tool'));
    await expect(open(vsock, program)).rejects.toMatchObject({ code: 'HOP_NO_TOOL' });
    await expect(open(hv1, program)).rejects.toMatchObject({ code: 'HOP_NO_TOOL' });
    await expect(open(unix, ssh(answers('no-tool'), 'OpenSSH_9.3p1'))).rejects.toMatchObject({
      code: 'HOP_NO_TOOL',
    });
  });

  it.skipIf(skip)('fails if there is no answer in time, and ends ssh', async () => {
    const program = ssh('trap "echo ended >>$0.end; exit" TERM; echo wait; while :; do sleep 0.1; done');
    const ended = `${program.env.VMSSH_SSH}.end`;
    await expect(open(unix, program, { timeoutMs: 2000 })).rejects.toMatchObject(
      refusing('HOP_SILENT', /\(HOP_SILENT\): it printed "wait"$/),
    );
    await expect.poll(() => existsSync(ended)).toBe(true);
    await expect(open(unix, ssh('exec sleep 60'), { timeoutMs: 300 })).rejects.toMatchObject(
      refusing('HOP_SILENT', /\(HOP_SILENT\)$/),
    );
  });

  it.skipIf(skip)('fails if it prints too much, or ends its output, and stays open', async () => {
    const program = ssh(
      'trap "echo ended >>$0.end; exit" TERM; printf %070000d 0; while :; do sleep 0.1; done',
    );
    const ended = `${program.env.VMSSH_SSH}.end`;
    const problem = expect.stringMatching(/\(HOP_NO_SHELL\): it printed too much, beginning with "0{300}"$/);
    await expect(open(unix, program)).rejects.toMatchObject({ code: 'HOP_NO_SHELL', problem });
    await expect.poll(() => existsSync(ended)).toBe(true);
    const closed = ssh('echo bye; exec sleep 60 <&- >&-');
    await expect(open(unix, closed, { timeoutMs: 300 })).rejects.toMatchObject({ code: 'HOP_SILENT' });
    const streams = ssh(`[ "$1" = /run/x ] && exec sleep 60 <&- >&-; ${answers('no-tool')}`);
    expect((await open(unix, streams, { timeoutMs: 3000 })).note).toBe(', by ssh -W to hv1');
  });

  it.skipIf(skip)('fails if there is no ssh', async () => {
    const none = { env: { VMSSH_SSH: join(dir, 'no-such') } };
    await expect(open(unix, none)).rejects.toMatchObject(
      refusing('NO_SSH', 'it is not installed, or not in PATH'),
    );
  });

  it.skipIf(skip)('ends with the reason of an abort', async () => {
    const controller = new AbortController();
    const program = ssh('echo here >>$0.here; exec sleep 60');
    const opening = open(unix, program, { signal: controller.signal });
    await expect.poll(() => existsSync(`${program.env.VMSSH_SSH}.here`), { timeout: 20_000 }).toBe(true);
    const reason = new Error('enough');
    controller.abort(reason);
    await expect(opening).rejects.toBe(reason);
  });

  describe('to a multiplexer', () => {
    const asked = (tool: string, answer: string) =>
      ssh(`${answers(`by ${tool}`)}; read -r line; echo "$line" >>$0.asked; ${answer}`);

    it.skipIf(skip).each(['socat', 'python3'])('that %s opened is asked for the port', async (tool) => {
      const program = asked(tool, 'echo "OK 1024"; exec cat');
      expect(await echoed(await open(mux, program))).toBe('hello');
      expect(readFileSync(`${program.env.VMSSH_SSH}.asked`, 'utf8')).toBe('CONNECT 2222\n');
    });

    it.skipIf(skip)('that gives no answer is of a machine that hangs, or boots', async () => {
      const hop = await open(mux, asked('python3', 'exec sleep 60'));
      expect(hop.isUnanswered).toBe(true);
    });

    it.skipIf(skip)('that vmssh opened is not asked', async () => {
      const hop = await open(mux, ssh(`${answers('by vmssh')}; exec cat`));
      expect(await echoed(hop)).toBe('hello');
    });

    it.skipIf(skip)('fails with its words, on the hypervisor', async () => {
      await expect(open(mux, asked('socat', 'exit 0'))).rejects.toMatchObject(
        refusing('EOF', /^on hv1, the multiplexer closed the connection/),
      );
      await expect(open(mux, asked('ncat', 'exec sleep 60'), { timeoutMs: 3000 })).rejects.toMatchObject(
        refusing('ETIMEDOUT', /^on hv1, /),
      );
    });
  });

  describe('without a tool on the hypervisor', () => {
    const noTool = (then: string, answer = 'no-tool') =>
      ssh(`[ -z "$stream" ] && { ${answers(answer)}; exit; }; ${then}`);

    it.skipIf(skip)('is a second login, by ssh -W', async () => {
      const hop = await open(mux, noTool('read -r line; echo "OK 1"; exec cat'));
      expect(await echoed(hop)).toBe('hello');
      expect(hop.note).toBe(', by ssh -W to hv1');
      expect(await echoed(await open(unix, noTool('printf SSH; exec cat')))).toMatch(/^SSH/);
    });

    it.skipIf(skip)('takes the other reading of a path if the first is no file there', async () => {
      const program = noTool('printf SSH; exec cat', 'no-tool other');
      const at = { family: 'unix', path: '/run/a%b', otherPath: '/run/a/b' } as const;
      await open({ ...hv1, at }, program);
      expect(program.calls()).toHaveLength(2);
      expect(program.calls()[1]).toMatch(/^-T (-E \S+ )?-W \/run\/a\/b -o .* -- hv1$/);
    });

    it.skipIf(skip)('fails if that ssh does', async () => {
      await expect(open(unix, noTool('exit 1'))).rejects.toMatchObject(
        refusing('HOP_NO_STREAM', /\(HOP_NO_STREAM\): exit code 1$/),
      );
      await expect(open(unix, noTool('kill -KILL $$'))).rejects.toMatchObject({
        problem: expect.stringMatching(/: a signal ended it: SIGKILL$/),
      });
      await expect(open(mux, noTool('exit 1'))).rejects.toMatchObject({ code: 'HOP_NO_STREAM' });
      await expect(open(mux, noTool('read -r line; exit 0'))).rejects.toMatchObject({ code: 'EOF' });
    });

    it.skipIf(skip)('is open, and at its end, if that ssh has ended well', async () => {
      const ended = await open(unix, noTool('exit 0'));
      expect(await ended.read(1)).toHaveLength(0);
    });
  });
});
