import { existsSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { readTextSync } from '../../files/read-sync.js';
import { type Deps, DiscoveryError, type Process } from '../provider.js';

/** The `ns_mode` of the network namespace of a process; undefined if this user may not ask there. */
export type AskMode = (pid: number, deps: Deps) => Promise<string | undefined>;

/**
 * Whether the vsock CID of a process's machine leads to it from here. From Linux 7 a network namespace is "global", and shares its CIDs with
 * all that are, or "local": another machine may have the CID here. Only the kernel's word for that namespace counts: a namespace's own
 * `child_ns_mode` says nothing of those that were made in one of its children.
 * https://docs.kernel.org/admin-guide/sysctl/net.html#proc-sys-net-vsock-vsock-sockets
 */
export async function sharesCids(pid: number, deps: Deps, ask: AskMode = modeThere): Promise<boolean> {
  if (!hasCidSpaces(deps)) return true;
  const [own, other] = await Promise.all([networkOf('self', deps), networkOf(pid, deps)]);
  if (own !== undefined && own === other) return true;
  return modeHere(deps) === 'global' && (await ask(pid, deps)) === 'global';
}

/** `sharesCids` for a VMM; `warn` is called for one of this host whose CID leads elsewhere. */
export async function leadsToItself(
  cid: number,
  { pid, authority }: Process,
  deps: Deps,
  warn: (error: DiscoveryError) => void,
): Promise<boolean> {
  if (await sharesCids(pid, deps)) return true;
  const problem = `pid ${pid}: it runs in another network namespace, and vsock/${cid} may be another machine in this one`;
  if (authority !== 'other') warn(new DiscoveryError('INCOMPLETE', problem));
  return false;
}

/** Whether this kernel can keep the CIDs of network namespaces apart. */
export function hasCidSpaces(deps: Deps): boolean {
  return existsSync(modeFile(deps));
}

function modeFile(deps: Deps): string {
  return `${procDirOf(deps)}/sys/net/vsock/ns_mode`;
}

function modeHere(deps: Deps): string | undefined {
  try {
    return readTextSync(modeFile(deps)).trim();
  } catch {
    return undefined;
  }
}

/** The file of a network's devices, one for each namespace. Any user may look at it, unlike `ns/net`. */
async function networkOf(pid: number | 'self', deps: Deps): Promise<string | undefined> {
  return stat(`${procDirOf(deps)}/${pid}/net/dev`).then(
    ({ dev, ino }) => `${dev}:${ino}`,
    () => undefined,
  );
}

/** As root, mostly: setns(2) wants rights in both namespaces. The files and programs are those of this process. */
async function modeThere(pid: number, deps: Deps): Promise<string | undefined> {
  const { runProgram } = await import('../../process/run-program.js');
  const words = ['nsenter', `--net=${procDirOf(deps)}/${pid}/ns/net`, 'cat', modeFile(deps)];
  const options = { env: deps.env, signal: deps.signal, timeoutMs: 2000 };
  const end = await runProgram(words, options).catch(() => undefined);
  return end?.code === 0 ? end.stdout.trim() : undefined;
}

function procDirOf({ procDir = '/proc' }: Deps): string {
  return procDir;
}
