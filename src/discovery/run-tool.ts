import { type SpawnOptions, spawn } from 'node:child_process';
import { DiscoveryError } from './discovery-error.js';
import type { Deps } from './provider.js';

/** Runs a program of the system and resolves to what it printed to stdout. Throws a DiscoveryError. */
export type RunTool = (program: string, args: readonly string[], deps: Deps) => Promise<string>;

/** ENOENT where the program is not installed, FAILED with its own first line where it exits with another code than 0. */
export const runTool: RunTool = (program, args, deps) => collect(program, args, deps, 'utf8');

/** The same, for what is printed in another encoding. */
export type RunToolForBytes = (program: string, args: readonly string[], deps: Deps) => Promise<Buffer>;

export const runToolForBytes: RunToolForBytes = async (program, args, deps) =>
  Buffer.from(await collect(program, args, deps, 'latin1'), 'latin1');

function collect(
  program: string,
  args: readonly string[],
  deps: Deps,
  encoding: BufferEncoding,
): Promise<string> {
  const options: SpawnOptions = {
    // Translated words cannot be read, and no tool is to ask for a password.
    env: { ...deps.env, LC_ALL: 'C' },
    stdio: ['ignore', 'pipe', 'pipe'],
    signal: deps.signal,
    timeout: deps.timeoutMs,
    killSignal: 'SIGKILL',
    windowsHide: true,
  };
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, options);
    const texts = { stdout: '', stderr: '' };
    for (const name of ['stdout', 'stderr'] as const) {
      child[name]?.setEncoding(encoding).on('data', (text: string) => {
        texts[name] += text;
        if (texts[name].length > longest) child.kill('SIGKILL');
      });
    }
    child.once('error', (error: NodeJS.ErrnoException) => {
      const code = error.name === 'AbortError' ? 'TIMEOUT' : (error.code ?? 'EIO');
      reject(new DiscoveryError(code, `${program} could not be run`, { cause: error }));
    });
    child.once('close', (code, signal) => {
      if (code === 0) return resolve(texts.stdout);
      const said =
        texts.stderr
          .trim()
          .replaceAll(/^error: /gm, '')
          .replaceAll(/\s*\n\s*/g, ': ')
          .slice(0, 500) || `it ended with ${signal ?? `code ${code}`}`;
      reject(new DiscoveryError(signal === 'SIGKILL' ? 'TIMEOUT' : 'FAILED', `${program}: ${said}`));
    });
  });
}

/** Characters: more than a thousand machines' descriptions have. */
const longest = 64 << 20;
