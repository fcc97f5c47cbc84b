import { stat } from 'node:fs/promises';
import { type ProgramEnd, runProgram } from '../../process/run-program.js';
import { DiscoveryError } from '../discovery-error.js';
import { withToolFolders } from '../own-env.js';
import type { Deps } from '../provider.js';

/** Runs a system program and resolves to its stdout. Throws a DiscoveryError. */
export type RunTool = (program: string, args: readonly string[], deps: Deps) => Promise<string>;

/** ENOENT if the program is not installed, FAILED with its own message if it does not exit with 0. */
export const runTool: RunTool = (program, args, deps) => collect(program, args, deps, 'utf8');

/** The same, for output in another encoding. */
export type RunToolForBytes = (program: string, args: readonly string[], deps: Deps) => Promise<Buffer>;

export const runToolForBytes: RunToolForBytes = async (program, args, deps) =>
  Buffer.from(await collect(program, args, deps, 'latin1'), 'latin1');

async function collect(
  program: string,
  args: readonly string[],
  { env, platform, signal, timeoutMs }: Deps,
  encoding: BufferEncoding,
): Promise<string> {
  // Translated messages cannot be parsed.
  const own = { ...withToolFolders(env, platform), LC_ALL: 'C' };
  const options = { env: own, signal, timeoutMs, encoding, longest: mostMiB << 20 };
  const end = await runProgram([program, ...args], options).catch((error: NodeJS.ErrnoException) => {
    throw new DiscoveryError(error.code ?? 'EIO', `${program} could not be run`, { cause: error });
  });
  if (end.stopped === 'output')
    throw new DiscoveryError('PROTOCOL', `${program}: it printed more than ${mostMiB} MiB`);
  if (end.stopped) throw new DiscoveryError('TIMEOUT', `${program}: it gave no answer in time`);
  if (end.code !== 0) throw new DiscoveryError('FAILED', `${program}: ${lastMessage(end)}`);
  return end.stdout;
}

/** More than the descriptions of a thousand machines. */
const mostMiB = 16;

function lastMessage({ stderr, code, signal }: ProgramEnd): string {
  const said = stderr
    .slice(0, 4096)
    .trim()
    .replaceAll(/^error: /gm, '')
    .replaceAll(/\s*\n\s*/g, ': ')
    .slice(0, 500);
  return said || `it ended with ${signal ?? `code ${code}`}`;
}

/** Whether something is at a path, which its user may look at. */
export function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
