import { runProgram } from '../process/run-program.js';
import { withToolFolders } from '../sources/own-folders.js';
import { type Deps, DiscoveryError } from '../sources/provider.js';
import type { Authority } from '../sources/tools/scope.js';
import { maxKeyText } from './public-keys.js';

/** What the proxy has recorded of the machine that it reached. */
export interface MachineRecord {
  /** The provider's name. */
  readonly provider: string;
  readonly name: string;
  readonly target: string;
  /** In the 8-4-4-4-12 form. */
  readonly uuid?: string;
  readonly authority?: Authority;
  /** The hypervisor that has it; undefined: this host. */
  readonly via?: string;
  /** 64 hexadecimal digits. */
  readonly containerId?: string;
  /** The address of its Podman or Docker, if the manager's command does not go there by itself. */
  readonly containerUrl?: string;
}

/** How a manager reads the files of one of its machines. What it gives is what the machine's root wants it to be. */
export interface MachineFiles {
  /**
   * The texts of those files that are there; not the rest once `isEnough` holds, if they are read one by one. Throws a DiscoveryError, or
   * a system error.
   */
  read(paths: readonly string[], isEnough?: IsEnough): Promise<readonly string[]>;
  /** The words in front of a program that runs in it as its root; undefined: its manager starts none. */
  readonly exec?: readonly string[];
}

export type IsEnough = (texts: readonly string[]) => boolean;

/** By a manager that takes long for each file. */
export async function readInTurn(
  paths: readonly string[],
  textsOf: (path: string) => Promise<readonly string[]>,
  isEnough: IsEnough = () => false,
): Promise<readonly string[]> {
  const texts: string[] = [];
  for (const path of paths) {
    texts.push(...(await textsOf(path)));
    if (isEnough(texts)) break;
  }
  return texts;
}

/** By a manager that starts programs in its machines; `asRoot`: the words in front of those that need it. */
export function filesByExec(exec: readonly string[], deps: Deps, asRoot = exec): MachineFiles {
  return { exec: asRoot, read: async (paths) => [await readByExec(exec, paths, deps)] };
}

/**
 * One call for all files, without a shell: `find` takes those that are regular files, no links and no FIFOs, and grep ends each with a
 * newline. All keys begin with "AAAA".
 */
export function readByExec(exec: readonly string[], paths: readonly string[], deps: Deps): Promise<string> {
  const which = ['-maxdepth', '0', '-type', 'f'];
  return printed(
    [...exec, '/usr/bin/find', ...paths, ...which, '-exec', 'grep', '-h', 'AAAA', '{}', '+'],
    deps,
  );
}

/**
 * What a manager's program prints, one character a byte, whatever its exit code is: some of the files are missing. At the deadline, or
 * at `most` bytes, it is ended with all that it started. Throws a DiscoveryError.
 */
export async function printed(
  command: readonly string[],
  { env, platform, signal, timeoutMs }: Deps,
  most: number = 4 * maxKeyText,
): Promise<string> {
  const own = { ...withToolFolders(env, platform), LC_ALL: 'C' };
  const options = { env: own, signal, timeoutMs, encoding: 'latin1', longest: most } as const;
  const end = await runProgram(command, options).catch((error: NodeJS.ErrnoException) => {
    throw new DiscoveryError(error.code ?? 'EIO', `${command[0]} could not be run`, { cause: error });
  });
  if (end.stopped) throw new DiscoveryError('TIMEOUT', `${command[0]}: it gave no answer within its limits`);
  return end.stdout;
}
