import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { type Case, failure } from './case.js';
import { aborted, noneOfThatName } from './children.js';

const pipes = ['ignore', 'pipe', 'pipe'] as const;
const cmd = (line: string, more: object = {}) =>
  spawn('cmd.exe', ['/d', '/s', '/c', line], { stdio: [...pipes], ...more });
/** Runs until its stdin ends. */
const waiting = ['/d', '/c', 'pause'];

/** How it ended, and what it printed on both. */
async function end(child: ChildProcess): Promise<unknown> {
  const printed = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const)
    child[name]?.setEncoding('utf8').on('data', (part: string) => {
      printed[name] += part;
    });
  const [code, signal] = await once(child, 'close');
  return [code, signal, printed];
}

const none = { stdout: '', stderr: '' };

/** Processes of Windows, by its own shell. */
export const commands: readonly Case[] = [
  { name: 'a program', run: () => end(cmd('echo a b')), want: [0, null, { stdout: 'a b\r\n', stderr: '' }] },
  { name: 'an exit code', run: () => end(cmd('exit 7')), want: [7, null, none] },
  { name: 'a large exit code', run: () => end(cmd('exit -1')), want: [4_294_967_295, null, none] },
  {
    name: 'what it prints on stderr',
    run: () => end(cmd('echo out& echo err>&2')),
    want: [0, null, { stdout: 'out\r\n', stderr: 'err\r\n' }],
  },
  {
    name: 'its environment and folder',
    run: () =>
      end(
        cmd('echo %A%-%B%& cd', {
          cwd: 'C:\\windows',
          env: { ...process.env, A: '1', b: '2', B: undefined },
        }),
      ),
    want: [0, null, { stdout: '1-%B%\r\nC:\\windows\r\n', stderr: '' }],
  },
  {
    name: 'arguments with quotes, backslashes and nothing',
    run: () => end(spawn('cmd.exe', ['/d', '/c', 'echo', 'a"b', 'c\\', '', 'd e\\'], { stdio: [...pipes] })),
    want: [0, null, { stdout: '"a\\"b" c\\ "" "d e\\\\"\r\n', stderr: '' }],
  },
  {
    name: 'what it reads',
    run: () => {
      const stdio = ['pipe', 'pipe', 'pipe'] as const;
      const child = spawn('cmd.exe', ['/d', '/s', '/c', 'set /p TYPED=& set TYPED'], { stdio: [...stdio] });
      child.stdin?.end('a b\r\n');
      return end(child);
    },
    want: [0, null, { stdout: 'TYPED=a b\r\n', stderr: '' }],
  },
  noneOfThatName,
  {
    name: 'killed at its time',
    run: () =>
      end(
        spawn('cmd.exe', waiting, {
          timeout: 20,
          killSignal: 'SIGKILL',
          stdio: ['pipe', 'ignore', 'ignore'],
        }),
      ),
    want: [null, 'SIGKILL', none],
  },
  aborted((signal) => spawn('cmd.exe', waiting, { signal, stdio: ['pipe', 'ignore', 'ignore'] })),
  {
    name: 'killed by us, and then again',
    run: async () => {
      const child = spawn('cmd.exe', waiting, { stdio: ['pipe', 'ignore', 'ignore'] });
      const unknown = await failure(() => child.kill('SIGNONE' as NodeJS.Signals));
      const first = child.kill('SIGKILL');
      const [code, signal] = await once(child, 'exit');
      return [unknown, first, code, signal, child.kill()];
    },
    want: ['ERR_UNKNOWN_SIGNAL', true, null, 'SIGKILL', false],
  },
  {
    // The result of the later calls depends on the version of Windows.
    name: 'killed again and again, before its end is reported',
    run: async () => {
      const child = spawn('cmd.exe', waiting, { stdio: ['pipe', 'ignore', 'ignore'] });
      const exit = once(child, 'exit');
      const first = child.kill();
      for (let left = 10_000; left > 0; left--) child.kill();
      return [first, await exit];
    },
    want: [true, [null, 'SIGTERM']],
  },
  {
    name: 'spawnSync',
    run: () => {
      const { status, signal, stdout } = spawnSync('cmd.exe', ['/d', '/s', '/c', 'echo out& exit 4'], {
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'ignore'],
      });
      return [status, signal, stdout];
    },
    want: [4, null, 'out\r\n'],
  },
];
