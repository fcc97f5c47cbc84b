import { linkSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export interface FakeProcess {
  readonly argv: readonly string[];
  readonly uid?: number;
  readonly cwd?: string;
  /** Its program's file. */
  readonly exe?: string;
  /** The inodes of its sockets. */
  readonly sockets?: readonly string[];
  /** Its other open files, by number. */
  readonly fd?: Readonly<Record<string, string>>;
  /** More files, as recorded. */
  readonly files?: Readonly<Record<string, string>>;
  /** More lines of its status. */
  readonly status?: string;
  /** The links in its `ns`. */
  readonly ns?: Readonly<Record<string, string>>;
  /** Its network namespace. Undefined: it cannot be seen. */
  readonly net?: string;
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
    const { argv, uid = 0, cwd = '/', exe, sockets, fd, files = {}, status = '', ns = {} } = each;
    const folder = join(proc, name);
    mkdirSync(join(folder, 'ns'), { recursive: true });
    writeFileSync(join(folder, 'cmdline'), argv.map((arg) => `${arg}\0`).join(''));
    writeFileSync(
      join(folder, 'status'),
      `Name:\t${argv[0]?.split('/').at(-1)}\nUid:\t${uid}\t${uid}\t${uid}\t${uid}\n${status}`,
    );
    symlinkSync(cwd, join(folder, 'cwd'));
    if (exe !== undefined) symlinkSync(exe, join(folder, 'exe'));
    if (sockets !== undefined || fd !== undefined) mkdirSync(join(folder, 'fd'));
    for (const [number, to] of Object.entries(fd ?? {})) symlinkSync(to, join(folder, 'fd', number));
    for (const inode of sockets ?? []) symlinkSync(`socket:[${inode}]`, join(folder, 'fd', inode));
    for (const [file, text] of Object.entries(files)) writeFileSync(join(folder, file), text);
    for (const [kind, id] of Object.entries(ns)) symlinkSync(id, join(folder, 'ns', kind));
  }
  // The kernel has one file for each network, which is in the folders of all processes there.
  for (const [name, { net }] of [...all, ['self', { net: 'own', ...self }] as const]) {
    if (net === undefined) continue;
    const [folder, file] = [join(proc, name, 'net'), join(proc, 'sys', net)];
    mkdirSync(folder, { recursive: true });
    writeFileSync(file, '');
    linkSync(file, join(folder, 'dev'));
  }
  // On a host whose logins leave it, a process without one is a service's.
  mkdirSync(join(proc, 'self'), { recursive: true });
  writeFileSync(join(proc, 'self/loginuid'), '1000');
  // A process that ended while the folder was read.
  mkdirSync(join(proc, '99'));
  return proc;
}

let count = 0;

/** The setting of Linux 7 for this network namespace, in such a folder. */
export function setCidMode(proc: string, mode: string): string {
  mkdirSync(join(proc, 'sys/net/vsock'), { recursive: true });
  writeFileSync(join(proc, 'sys/net/vsock/ns_mode'), `${mode}\n`);
  return proc;
}
