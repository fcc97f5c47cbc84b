import { asTarget } from '../kinds/parse.js';
import { systemProgram } from '../process/program-in-path.js';
import { ownEnv } from '../sources/own-env.js';
import type { Deps } from '../sources/provider.js';
import { execCommand } from '../sources/tools/exec-route.js';
import type { ViaTarget } from '../target/target.js';
import { fingerprintOf } from './known-hosts.js';
import { filesByExec, type MachineFiles, maxKeys, printed, publicKeys } from './readers/machine-files.js';
import type { ReachedMachine, ReachedRecord } from './record.js';

/** A manager's way to the files of its machines. */
export interface KeySource {
  readonly provider: string;
  /** Undefined if it cannot read this one. `uid`: this user's. */
  open(
    machine: ReachedMachine,
    deps: Deps,
    uid: number | undefined,
  ): MachineFiles | undefined | Promise<MachineFiles | undefined>;
  /** Whether its machines are all a cluster's: these have the authority "other", and the cluster that says so is the one that reads. */
  readonly isCluster?: true;
}

/**
 * The host keys of a machine, "ssh-ed25519 AAAA…" each, as the manager that has it reads them in its files; undefined if nobody can
 * say. Nothing is changed in the machine. A machine of another user is not asked, nor is one behind another hypervisor, which reads its
 * own. `shown`: the fingerprint of the key that its server has shown; if the usual files have another, its sshd is asked which files it uses. Rejects only
 * if `deps.signal` is aborted.
 */
export async function managerKeys(
  machine: ReachedMachine,
  deps: Deps,
  shown?: string,
  uid: number | undefined = process.getuid?.(),
  from: readonly KeySource[] = keySources,
): Promise<readonly string[] | undefined> {
  const source = from.find(({ provider }) => provider === machine.provider);
  if (source === undefined || machine.via !== undefined) return undefined;
  if (machine.authority === 'other' && !source.isCluster) return undefined;
  const { env, signal, timeoutMs = maxMs } = deps;
  const late = AbortSignal.timeout(timeoutMs);
  // All questions together have one deadline.
  const limited = {
    ...deps,
    env: ownEnv(env),
    timeoutMs,
    signal: signal ? AbortSignal.any([signal, late]) : late,
  };
  const files = await answerOf(async () => source.open(machine, limited, uid));
  if (files === undefined) return undefined;
  const isShown = (texts: readonly string[]) => publicKeys(texts).some((key) => printOf(key) === shown);
  const usual = publicKeys((await answerOf(() => files.read(usualFiles, isShown))) ?? []);
  const isEnough = shown === undefined ? usual.length > 0 : isShown(usual);
  const others = isEnough ? [] : ((await answerOf(() => configuredKeys(files, limited))) ?? []);
  signal?.throwIfAborted();
  const all = [...new Set([...others, ...usual])].slice(0, maxKeys);
  return all.length === 0 ? undefined : all;
}

/** The fingerprints of the keys of what was reached; none if nobody can say. */
export async function managerPrints(
  reached: ReachedRecord | undefined,
  { env, platform }: Deps,
  shown: string,
): Promise<readonly string[]> {
  const target = asTarget(reached?.text ?? '');
  const { machine } = reached ?? {};
  const keys =
    target?.kind === 'via'
      ? await keysOnHop(target as ViaTarget, { env, platform })
      : machine && (await managerKeys(machine, { env, platform }, shown));
  return (keys ?? []).map(printOf);
}

/** The keys of a machine of another hypervisor, which reads them there; undefined if it cannot say. */
export async function keysOnHop(target: ViaTarget, deps: Deps): Promise<readonly string[] | undefined> {
  const { keysThere } = await import('../connect/via/keys-there.js');
  const texts = await keysThere(target, deps);
  return texts && publicKeys(texts);
}

function printOf(key: string): string {
  return fingerprintOf(Buffer.from(key.split(' ')[1] ?? '', 'base64'));
}

/** For all that is asked of one machine, whose manager may have to start first. Milliseconds. */
const maxMs = 10_000;

/** sshd's defaults (sshd_config(5), HostKey), in the order that ssh prefers. */
const usualFiles: readonly string[] = ['ed25519', 'ecdsa', 'rsa', 'mldsa44_ed25519'].map(
  (type) => `/etc/ssh/ssh_host_${type}_key.pub`,
);

/** Undefined for a manager that gives none: it is not there, refuses, is late or says too much. */
async function answerOf<T>(ask: () => Promise<T>): Promise<T | undefined> {
  try {
    return await ask();
  } catch (error) {
    // A DiscoveryError, a FileRefusal and a system error have one; a mistake of ours has none.
    if (!(error instanceof Error && 'code' in error)) throw error;
    return undefined;
  }
}

/** The keys in the files that the machine's sshd is configured to use, if a program can be started in it. */
async function configuredKeys({ exec, read }: MachineFiles, deps: Deps): Promise<readonly string[]> {
  if (exec === undefined) return [];
  const paths = hostKeyFiles(await printed([...exec, '/usr/sbin/sshd', '-T'], deps));
  return paths.length === 0 ? [] : publicKeys(await read(paths));
}

/** Reads what `sshd -T` prints: "hostkey /etc/ssh/ssh_host_rsa_key", a line each. */
function hostKeyFiles(text: string): readonly string[] {
  const paths = [...text.matchAll(/^hostkey (\/[\w./@+-]{1,200})\r?$/gm)].map(([, path = '']) => path);
  const files = paths
    .filter((path) => !path.split('/').includes('..'))
    .map((path) => (path.endsWith('.pub') ? path : `${path}.pub`));
  return [...new Set(files)].filter((file) => !usualFiles.includes(file)).slice(0, maxFiles);
}

const maxFiles = 8;

/** A name that no program takes for an option. */
function isPlain(name: string): boolean {
  return /^[a-z0-9][\w.-]*$/i.test(name);
}

/**
 * The managers that can read the files of their machines. KubeVirt and Hyper-V have no such way. Multipass asks by an ssh of its own to the
 * machine's address, which another machine on its bridge can take.
 */
const keySources: readonly KeySource[] = [
  {
    provider: 'podman',
    open: async (...asked) =>
      (await import('./readers/container-files.js')).containerFiles('podman', ...asked),
  },
  {
    provider: 'docker',
    open: async (...asked) =>
      (await import('./readers/container-files.js')).containerFiles('docker', ...asked),
  },
  {
    provider: 'incus',
    open: async (machine, deps) => (await import('./readers/incus-files.js')).incusFiles(machine, deps),
  },
  {
    provider: 'machined',
    open: async (...asked) => (await import('./readers/nspawn-files.js')).nspawnFiles(...asked),
  },
  {
    provider: 'nspawn',
    open: async (...asked) => (await import('./readers/nspawn-files.js')).nspawnFiles(...asked),
  },
  {
    provider: 'libvirt',
    open: async (machine, deps) =>
      (await import('./readers/guest-agent-files.js')).guestAgentFiles(machine, deps),
  },
  {
    provider: 'wsl',
    open({ name }, deps) {
      if (name === '' || name.startsWith('-') || /["\\\p{Cc}]/u.test(name)) return undefined;
      const own = ['--distribution', name, '--user', 'root', '--exec'];
      return filesByExec([systemProgram('wsl.exe', deps.env), ...own], deps);
    },
  },
  {
    // By an ssh of its own to the port of this host that its process holds while the machine runs.
    provider: 'lima',
    open({ name }, deps) {
      const exec = ['limactl', 'shell', '--workdir=/', name];
      return isPlain(name) ? filesByExec(exec, deps, [...exec, 'sudo', '-n']) : undefined;
    },
  },
  {
    provider: 'kubectl',
    isCluster: true,
    open({ target }, deps) {
      const [kind, namespace, name = '', container] = target.split('/');
      const exec = kind === 'kubectl' ? execCommand('kubectl', name, { namespace, container }) : undefined;
      return exec && filesByExec(exec, deps);
    },
  },
];
