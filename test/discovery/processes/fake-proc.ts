import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** A folder like /proc with one process a command line, in the order given from pid 100 on, owned by `uid`. */
export function fakeProc(
  dir: string,
  processes: readonly { argv: readonly string[]; uid?: number; cwd?: string }[],
): string {
  const proc = join(dir, `proc-${count++}`);
  mkdirSync(join(proc, 'sys'), { recursive: true });
  processes.forEach(({ argv, uid = 0, cwd = '/' }, i) => {
    const folder = join(proc, String(100 + i));
    mkdirSync(folder);
    writeFileSync(join(folder, 'cmdline'), argv.map((arg) => `${arg}\0`).join(''));
    writeFileSync(join(folder, 'status'), `Name:\tx\nUid:\t${uid}\t${uid}\t${uid}\t${uid}\n`);
    symlinkSync(cwd, join(folder, 'cwd'));
  });
  // A process that ended while the folder was read.
  mkdirSync(join(proc, '99'));
  return proc;
}

let count = 0;
