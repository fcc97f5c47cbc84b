import { closeSync, constants, fstatSync, openSync, readSync, realpathSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { CommandError } from '../../cli/command.js';
import { quote } from '../../errors.js';

/** A program that can be put on a hypervisor. */
export interface Executable {
  readonly path: string;
  /** What `uname -sm` says where it runs. */
  readonly system: System;
}

export type System = (typeof systems)[number]['system'];

/** What vmssh is built for. `elf`: the machine in the head of an ELF file, of elf(5). */
const systems = [
  { system: 'Linux x86_64', elf: 62, target: 'linux-x64' },
  { system: 'Linux aarch64', elf: 183, target: 'linux-arm64' },
] as const;

/** The program at `path`, by the head of its file. Throws a CommandError if it cannot be read, or is for none of these systems. */
export function executableAt(path: string): Executable {
  const head = Buffer.alloc(20);
  try {
    // A FIFO is not waited for.
    const file = openSync(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
    try {
      if (fstatSync(file).isFile()) readSync(file, head);
    } finally {
      closeSync(file);
    }
  } catch (error) {
    const { code = 'EIO' } = error as NodeJS.ErrnoException;
    throw new CommandError(code, `${quote(path)} cannot be read: ${code}`);
  }
  // 64 bits, little-endian; what it was made for is at byte 18.
  const isElf = head.toString('latin1', 0, 6) === '\x7fELF\x02\x01';
  const found = systems.find(({ elf }) => isElf && head[18] === elf && head[19] === 0);
  if (found) return { path, system: found.system };
  throw new CommandError(
    'NOT_EXECUTABLE',
    `${quote(path)} is not a program for ${systems.map(({ system }) => system).join(' or ')}`,
    'expected the file vmssh of a package of vmssh',
  );
}

/** Whether there is a vmssh for a system, by what `uname -sm` says there. */
export function isBuiltFor(system: string): boolean {
  return systems.some((each) => each.system === system);
}

/**
 * The executable for another system that the build, or npm, put next to our own: dist/linux-arm64 next to dist/linux-x64, and npm's packages
 * vmssh-linux-arm64. Undefined if there is none, or one of another user.
 */
export function executableBeside(own: string, system: string): Executable | undefined {
  const target = systems.find((each) => each.system === system)?.target;
  for (const path of target === undefined ? [] : placesBeside(own, target)) {
    try {
      const { uid } = statSync(path);
      if (uid !== 0 && uid !== statSync(own).uid) continue;
      const executable = executableAt(path);
      if (executable.system === system) return executable;
    } catch {}
  }
  return undefined;
}

function placesBeside(own: string, target: string): readonly string[] {
  const folder = dirname(realpathSync(own));
  const [, prefix] = /^(|vmssh-)linux-(?:x64|arm64)$/.exec(basename(folder)) ?? [];
  if (prefix === undefined) return [];
  const name = `${prefix}${target}/vmssh`;
  // npm -g puts what vmssh asks for into its own node_modules, and what is asked for by itself next to vmssh.
  const isOfVmssh = /[\\/]vmssh[\\/]node_modules$/.test(dirname(folder));
  return [join(folder, '..', name), ...(isOfVmssh ? [join(folder, '../../..', name)] : [])];
}
