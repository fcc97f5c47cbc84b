import { existsSync } from 'node:fs';
import { fileId, isSameFile } from '../../files/read-file.js';
import { readTextIfAny } from '../../files/read-sync.js';
import { type Deps, DiscoveryError, type Warn } from '../source.js';
import type { Authority } from '../trusted-path.js';

/** Whether a machine's CID leads to it from here: from Linux 7 a network's CIDs are those of all "global" ones, or "local". */
export async function sharesCids(pid: number, deps: Deps, ask = modeThere): Promise<boolean> {
  if (!areApart(deps)) return true;
  if (await isSameFile(networkOf('self', deps), networkOf(pid, deps))) return true;
  // Only the kernel's word for that network counts: `child_ns_mode` says nothing of the children of a child.
  // https://docs.kernel.org/admin-guide/sysctl/net.html#proc-sys-net-vsock-vsock-sockets
  return readTextIfAny(modeFile(deps)).trim() === 'global' && (await ask(pid, deps)) === 'global';
}

/** `sharesCids` for a VMM; `warn` is called for one of this host whose CID leads elsewhere. */
export async function leadsToItself(
  cid: number,
  { pid, authority }: { readonly pid: number; readonly authority?: Authority },
  deps: Deps,
  warn: Warn,
): Promise<boolean> {
  if (await sharesCids(pid, deps)) return true;
  const isSeen = (await fileId(networkOf(pid, deps))) !== undefined;
  const where = isSeen ? 'it runs in another network namespace' : 'its network namespace cannot be seen';
  const problem = `pid ${pid}: ${where}, and vsock/${cid} may be another machine in this one`;
  if (authority !== 'other') warn(new DiscoveryError('INCOMPLETE', problem));
  return false;
}

/** Whether the kernel can keep the CIDs of network namespaces apart. */
export function areApart(deps: Deps): boolean {
  return existsSync(modeFile(deps));
}

function modeFile({ procDir = '/proc' }: Deps): string {
  return `${procDir}/sys/net/vsock/ns_mode`;
}

/** The file of a network's devices, one for each namespace. Any user may look at it, unlike `ns/net`. */
function networkOf(pid: number | 'self', { procDir = '/proc' }: Deps): string {
  return `${procDir}/${pid}/net/dev`;
}

/** The `ns_mode` there; undefined if this user may not ask: setns(2) wants rights in both namespaces. The files and programs are those of this process. */
async function modeThere(pid: number, deps: Deps): Promise<string | undefined> {
  const { runProgram } = await import('../../process/run-program.js');
  const { env, signal, procDir = '/proc' } = deps;
  const words = ['nsenter', `--net=${procDir}/${pid}/ns/net`, 'cat', modeFile(deps)];
  const options = { env, signal, timeoutMs: 2000 };
  const end = await runProgram(words, options).catch(() => undefined);
  return end?.code === 0 ? end.stdout.trim() : undefined;
}
