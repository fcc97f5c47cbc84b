import { chmodSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { ConnectError } from '../../src/base/errors.js';
import { concreteHosts } from '../../src/hosts/hosts.js';
import { configText } from '../../src/hosts/text.js';
import { resolveListed } from '../../src/sources/find.js';
import { loadForList } from '../../src/sources/here.js';
import { type AllMachines, listAll, shownWarnings } from '../../src/sources/list-all.js';
import { addressOf } from '../../src/sources/routes.js';
import { match, searchSource } from '../../src/sources/search.js';
import type { Deps, Source } from '../../src/sources/source.js';
import { sourceBy, sources } from '../../src/sources/sources.js';
import { formatEndpoint } from '../../src/typed/route.js';
import { run } from '../helpers/run.js';
import { type FakeProcess, fakeProc } from '../sources/processes/fake-proc.js';

/** A public report, as README.md explains it. */
export interface Report {
  readonly report: string;
  readonly about: string;
  readonly sources?: readonly string[];
  readonly processes?: readonly ReportedProcess[];
  readonly programs?: Readonly<Record<string, string | Readonly<Record<string, string>>>>;
  readonly files?: Readonly<Record<string, string>>;
  readonly env?: Readonly<Record<string, string>>;
  readonly ssh_config?: string;
  readonly type: string;
  readonly list: readonly string[];
  readonly 'ssh -G'?: string;
  readonly check: string;
}

interface ReportedProcess {
  readonly argv: string;
  readonly exe?: string;
  readonly cwd?: string;
  readonly listens?: readonly number[];
  /** The id of its container. */
  readonly container?: string;
  readonly kvm?: boolean;
  readonly sandbox?: boolean;
}

/** What comes out of a report's world, in the form of its row. HOME in its texts is `home`. */
export async function comesOut(
  report: Report,
  home: string,
): Promise<Pick<Report, 'list' | 'ssh -G' | 'check'>> {
  const here = (text: string) => text.replaceAll('HOME', home);
  const there = (text: string) => text.replaceAll(home, 'HOME');
  const deps = hostOf(report, home, here);
  const { sources: named = ofProcesses } = report;
  const asked = await loadForList(named.map((name) => sourceBy(name as (typeof sources)[number]['name'])));
  const found = await listAll(deps, asked);
  const rows = found.machines.map(
    (each) => `${each.status} ${each.name} ${each.target} ${addressOf(each) ?? '-'}`,
  );
  const warnings = shownWarnings(found.warnings).map(({ code, problem }) => `${code} ${problem}`);
  return {
    list: [...rows, ...warnings].map(there),
    ...(report['ssh -G'] === undefined ? {} : { 'ssh -G': there(await sshSays(report, found, home)) }),
    check: there(await checked(report, found, asked, deps)),
  };
}

function hostOf(
  { processes = [], programs = {}, files = {}, env = {} }: Report,
  home: string,
  here: (text: string) => string,
): Deps {
  const bin = join(home, 'bin');
  for (const [name, answer] of Object.entries(programs)) {
    const cases = typeof answer === 'string' ? { '': answer } : answer;
    const lines = Object.entries(cases).map(([words, text]) => {
      const [, problem] = /^! (.*)$/.exec(text) ?? [];
      if (problem !== undefined) return `*'${words}'*) echo '${problem}' >&2; exit 1 ;;`;
      return `*'${words}'*) cat <<'END'\n${here(text)}\nEND\n;;`;
    });
    write(join(bin, name), `#!/bin/sh\ncase " $* " in\n${lines.join('\n')}\n*) exit 1 ;; esac\n`);
    chmodSync(join(bin, name), 0o755);
  }
  for (const [name, text] of Object.entries(files)) write(join(home, name), here(text));
  const procDir = fakeProc(
    home,
    processes.map((each, i) => fakeOf(each, i, here)),
    ownProcess,
  );
  const ports = processes.flatMap(({ listens = [] }, i) =>
    listens.map((port) => ({ port, inode: 1000 + i })),
  );
  write(join(procDir, 'net/tcp'), ports.map(rowOf).join(''));
  const own = Object.entries(env).map(([name, value]) => [name, here(value)]);
  return {
    env: { HOME: home, PATH: `${bin}:${process.env.PATH}`, ...Object.fromEntries(own) },
    procDir,
    platform: 'linux',
    runDir: join(home, 'run'),
    exists: (path) => path.startsWith(home) && existsSync(path),
  };
}

const ofProcesses = ['qemu', 'crosvm', 'firecracker', 'cloud-hypervisor', 'kvm'];

function write(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
}

const everybody = '         0          0 4294967295\n';
const namespaces = (user: string) => ({ user: `user:[${user}]`, pid: 'pid:[1]', mnt: 'mnt:[1]' });
const ownProcess: FakeProcess = {
  ...{ argv: ['vmssh'], net: 'own', ns: namespaces('1') },
  files: { cgroup: '0::/user.slice\n', uid_map: everybody },
};

function fakeOf(
  { argv, exe, cwd, listens, container, kvm, sandbox }: ReportedProcess,
  i: number,
  here: (text: string) => string,
): FakeProcess {
  const uid = process.getuid?.() ?? 0;
  const cgroup = container === undefined ? '/user.slice' : `/user.slice/libpod-${container}.scope`;
  return {
    ...{ argv: here(argv).split(' '), uid, net: 'own', ns: namespaces(sandbox ? '2' : '1') },
    ...(exe === undefined ? {} : { exe }),
    ...(cwd === undefined ? {} : { cwd: here(cwd) }),
    sockets: listens ? [String(1000 + i)] : [],
    ...(kvm ? { fd: { '9': 'anon_inode:kvm-vm' } } : {}),
    files: { cgroup: `0::${cgroup}\n`, uid_map: sandbox ? `${uid} ${uid} 1\n` : everybody },
  };
}

/** A listening socket of this user, as proc_net(5) has it. */
function rowOf({ port, inode }: { readonly port: number; readonly inode: number }): string {
  const hex = port.toString(16).toUpperCase().padStart(4, '0');
  return `   0: 0100007F:${hex} 00000000:0000 0A 0:0 0:0 0 ${process.getuid?.()} 0 ${inode} 1\n`;
}

/** The target that the real ssh passes to our proxy for what is typed, below the lines that `config install` writes. */
async function sshSays(
  { ssh_config = '', type }: Report,
  { machines }: AllMachines,
  home: string,
): Promise<string> {
  const { hosts } = concreteHosts(machines, { prefix: '', taken: () => undefined, knownHosts: '~/k' });
  const config = join(home, 'ssh_config');
  write(config, `${ssh_config}\n${configText({ program: ['vmssh'], fdpass: true, hosts })}`);
  const { stdout } = await run(['ssh', '-G', '-F', config, type]);
  return /^proxycommand .*vmssh.* ([^ ]+) [^ ]+$/m.exec(stdout)?.[1] ?? 'no proxy of vmssh';
}

/** What `check --until resolved` says: where it would connect, or why it cannot. */
async function checked(
  { type }: Report,
  { machines, warnings }: AllMachines,
  asked: readonly Source[],
  deps: Deps,
): Promise<string> {
  const [machine, ...others] = match(type, machines);
  if (machine === undefined)
    return `no machine; ${warnings.map(({ code }) => code).join(', ') || 'nothing was seen'}`;
  if (others.length > 0) return 'several machines';
  const source = sources.find(({ name }) => name === machine.provider);
  const loaded = asked.find(({ name }) => name === machine.provider);
  const own = loaded && (await searchSource(loaded, machine.name, deps));
  if (own?.outcome === 'unavailable') return own.problem;
  const context = {
    ...deps,
    text: machine.target,
    port: 22,
    platform: 'linux',
    exists: () => false,
  } as const;
  try {
    const { routes } = await resolveListed(machine, (await source?.load()) ?? (loaded as Source), context);
    return routes.map(({ endpoint }) => formatEndpoint(endpoint)).join(', ');
  } catch (error) {
    if (!(error instanceof ConnectError)) throw error;
    return `${error.problem}; ${error.hint}`;
  }
}
