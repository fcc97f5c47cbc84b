import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { abortedSignal, casesOf, failure } from './case.js';
import { aborted, noneOfThatName } from './children.js';

/** How it ended, and what it printed. */
async function end(child: ChildProcess): Promise<unknown> {
  let printed = '';
  child.stdout?.setEncoding('utf8').on('data', (part: string) => {
    printed += part;
  });
  const [code, signal] = await once(child, 'close');
  return [code, signal, printed];
}

const pipes = ['ignore', 'pipe', 'pipe'] as const;
const printing: { encoding: 'utf8'; stdio: ['ignore', 'pipe', 'ignore'] } = {
  encoding: 'utf8',
  stdio: ['ignore', 'pipe', 'ignore'],
};

export const processes = casesOf({
  'a program': {
    run: () => end(spawn('echo', ['a b', 'é'], { stdio: [...pipes] })),
    want: [0, null, 'a b é\n'],
  },
  'an exit code': {
    run: () => end(spawn('sh', ['-c', 'exit 7'], { stdio: [...pipes] })),
    want: [7, null, ''],
  },
  'a signal': {
    run: () => end(spawn('sh', ['-c', 'kill -TERM $$'], { stdio: [...pipes] })),
    want: [null, 'SIGTERM', ''],
  },
  'none of that name': noneOfThatName,
  'what it reads': {
    run: () => {
      const child = spawn('cat', [], { stdio: ['pipe', 'pipe', 'inherit'] });
      child.stdin?.write('a');
      child.stdin?.end('b'.repeat(300_000));
      return end(child).then((ended) => [(ended as string[])[2]?.length, (ended as number[])[0]]);
    },
    want: [300_001, 0],
  },
  'its environment, folder and session': {
    run: () => {
      const leads =
        'read -r pid name state parent group rest </proc/$$/stat && [ "$$" = "$group" ] && echo leads';
      const script = `pwd; echo "$A-$B"; ${leads}`;
      const env = { PATH: process.env.PATH, A: '1', B: undefined };
      return end(spawn('sh', ['-c', script], { cwd: '/', env, detached: true, stdio: [...pipes] }));
    },
    want: [0, null, '/\n1-\nleads\n'],
  },
  'its descriptors': {
    run: async () => {
      const folder = mkdtempSync(join(tmpdir(), 'vmssh-t-'));
      const file = openSync(join(folder, 'a'), 'w');
      const script = 'echo to 1; echo to 2 >&2; echo to 3 >&3';
      const [, , printed] = (await end(
        spawn('sh', ['-c', script], { stdio: ['ignore', 'pipe', file, file] }),
      )) as string[];
      closeSync(file);
      const written = readFileSync(join(folder, 'a'), 'utf8');
      rmSync(folder, { recursive: true });
      return [printed, written];
    },
    want: ['to 1\n', 'to 2\nto 3\n'],
  },
  'killed at its time': {
    run: () => end(spawn('sleep', ['60'], { timeout: 20, killSignal: 'SIGKILL', stdio: [...pipes] })),
    want: [null, 'SIGKILL', ''],
  },
  aborted: aborted((signal) => spawn('sleep', ['60'], { signal, stdio: [...pipes] })),
  'what its descriptors are to us': {
    run: async () => {
      const ignored = spawn('true', [], { stdio: 'ignore' });
      const some = spawn('true', [], { stdio: ['pipe', 'inherit', 'pipe'] });
      const both = [ignored, some].map((each) =>
        [each.stdin, each.stdout, each.stderr].map((one) => one !== null),
      );
      some.stdin?.end();
      await Promise.all([once(ignored, 'exit'), once(some, 'exit')]);
      return both;
    },
    want: [
      [false, false, false],
      [true, false, true],
    ],
  },
  'outputs of their own, and the order of its end': {
    run: async () => {
      const child = spawn('sh', ['-c', 'echo out; echo err >&2'], { stdio: [...pipes] });
      const heard: string[] = [];
      for (const name of ['stdout', 'stderr'] as const)
        child[name]?.setEncoding('utf8').on('data', (data: string) => heard.push(data));
      await once(child, 'spawn');
      const exit = once(child, 'exit').then(() => child.exitCode);
      await once(child, 'close');
      return [heard.sort(), await exit];
    },
    want: [['err\n', 'out\n'], 0],
  },
  'killed by us, and then again': {
    run: async () => {
      const child = spawn('sleep', ['60'], { stdio: 'ignore' });
      const unknown = await failure(() => child.kill('SIGNONE' as NodeJS.Signals));
      const first = child.kill('SIGKILL');
      const [code, signal] = await once(child, 'exit');
      return [unknown, first, code, signal, child.kill(), child.signalCode];
    },
    want: ['ERR_UNKNOWN_SIGNAL', true, null, 'SIGKILL', false, 'SIGKILL'],
  },
  'one that reads nothing': {
    run: async () => {
      const child = spawn('true', [], { stdio: ['pipe', 'ignore', 'ignore'] });
      const failed = new Promise<NodeJS.ErrnoException>((resolve) => child.stdin?.once('error', resolve));
      await once(child, 'spawn');
      child.stdin?.write('x'.repeat(4 << 20));
      const { code } = await failed;
      return ['EPIPE', 'ECONNRESET'].includes(`${code}`);
    },
    want: true,
  },
  'what cannot be started': {
    run: async () => {
      const code = (program: string, options: object) =>
        new Promise((resolve) => {
          spawn(program, [], options).once('error', ({ code }: NodeJS.ErrnoException) => resolve(code));
        });
      return [
        await code('true', { cwd: '/proc/none/folder' }),
        await code('/etc/passwd', {}),
        await code('true', { signal: abortedSignal() }),
        await failure(() => spawn('echo', ['a\0b'])),
      ];
    },
    want: ['ENOENT', 'EACCES', 'ABORT_ERR', 'ERR_INVALID_ARG_VALUE'],
  },
  spawnSync: {
    run: () => {
      const { status, stdout } = spawnSync('sh', ['-c', 'echo out; echo err >&2; exit 4'], printing);
      const absent = spawnSync('no-such-program', [], printing);
      return [status, stdout, absent.status, (absent.error as NodeJS.ErrnoException).code];
    },
    want: [4, 'out\n', null, 'ENOENT'],
  },
  'spawnSync: more than a pipe holds, and what ended it': {
    run: () => {
      const script = 'head -c 300000 /dev/zero; kill -TERM $$';
      const { status, signal, stdout } = spawnSync('sh', ['-c', script], printing);
      return [status, signal, stdout.length];
    },
    want: [null, 'SIGTERM', 300_000],
  },
  'spawnSync: its time, and which signal ends it': {
    run: () => {
      // Long enough for its first line on a busy machine.
      const one = spawnSync('sh', ['-c', 'echo out; exec sleep 60'], { ...printing, timeout: 2000 });
      const other = spawnSync('sleep', ['60'], { ...printing, timeout: 50, killSignal: 'SIGKILL' });
      const { code } = one.error as NodeJS.ErrnoException;
      return [one.status, one.signal, one.stdout, code, other.signal];
    },
    want: [null, 'SIGTERM', 'out\n', 'ETIMEDOUT', 'SIGKILL'],
  },
  'spawnSync: more output than it may have': {
    run: () => {
      const { status, stdout } = spawnSync('yes', [], { ...printing, timeout: 60_000 });
      return [status, stdout.length >= 1024 * 1024, stdout.length < 4 * 1024 * 1024];
    },
    want: [null, true, true],
  },
  'spawnSync: nothing kept': {
    run: () => {
      const unheard = spawnSync('sh', ['-c', 'echo x; exit 3'], { stdio: 'ignore', windowsHide: true });
      return [unheard.status, unheard.stdout];
    },
    want: [3, null],
  },
  'a signal to ourselves': {
    run: () =>
      new Promise((resolve) => {
        const alive = setInterval(() => {}, 1000); // a listener for a signal keeps no process going
        process.once('SIGUSR2', (name: string, number: number) => {
          clearInterval(alive);
          resolve([name, number]);
        });
        process.kill(process.pid, 'SIGUSR2');
      }),
    want: ['SIGUSR2', 12],
  },
});
