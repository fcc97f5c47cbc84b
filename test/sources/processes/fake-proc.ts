import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export interface FakeProcess {
  readonly argv: readonly string[];
  readonly uid?: number;
  readonly cwd?: string;
  /** More files, as recorded. */
  readonly files?: Readonly<Record<string, string>>;
  /** More lines of its status. */
  readonly status?: string;
  /** The links in its `ns`. */
  readonly ns?: Readonly<Record<string, string>>;
}

/** What /proc has of a process in a container of Docker, and of this one if it is in none. */
export const inDocker = {
  files: { cgroup: `0::/system.slice/docker-${'0a'.repeat(32)}.scope\n` },
} satisfies Partial<FakeProcess>;

/** A folder like /proc with one process a command line, in the order given from pid 100 on, owned by `uid`. */
export function fakeProc(dir: string, processes: readonly FakeProcess[], self?: FakeProcess): string {
  const proc = join(dir, `proc-${count++}`);
  mkdirSync(join(proc, 'sys'), { recursive: true });
  const all = processes.map((each, i) => [String(100 + i), each] as const);
  for (const [name, each] of self ? [...all, ['self', self] as const] : all) {
    const { argv, uid = 0, cwd = '/', files = {}, status = '', ns = {} } = each;
    const folder = join(proc, name);
    mkdirSync(join(folder, 'ns'), { recursive: true });
    writeFileSync(join(folder, 'cmdline'), argv.map((arg) => `${arg}\0`).join(''));
    writeFileSync(
      join(folder, 'status'),
      `Name:\t${argv[0]?.split('/').at(-1)}\nUid:\t${uid}\t${uid}\t${uid}\t${uid}\n${status}`,
    );
    symlinkSync(cwd, join(folder, 'cwd'));
    for (const [file, text] of Object.entries(files)) writeFileSync(join(folder, file), text);
    for (const [kind, id] of Object.entries(ns)) symlinkSync(id, join(folder, 'ns', kind));
  }
  // A process that ended while the folder was read.
  mkdirSync(join(proc, '99'));
  return proc;
}

let count = 0;
