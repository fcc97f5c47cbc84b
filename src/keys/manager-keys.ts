import { asTarget } from '../kinds/kinds.js';
import { managerLimitMs, ofManager, type SourceLoaders, sourceOf } from '../sources/as-root.js';
import type { Deps, MachineFiles, ReachedMachine } from '../sources/source.js';
import { maxKeys, printed, publicKeys, readByExec } from '../sources/tools/machine-files.js';
import { ownEnv } from '../sources/trusted-env.js';
import { fingerprintOf } from '../ssh/known-hosts.js';
import type { ViaTarget } from '../typed/target.js';
import type { ReachedRecord } from './record.js';

/**
 * "ssh-ed25519 AAAA…" each, as a machine's manager reads them in its files; undefined if nobody can say, and for one of
 * another user or hypervisor. If the usual files lack the key of fingerprint `shown`, sshd is asked which files it uses.
 * Rejects only if `deps.signal` is aborted.
 */
export async function managerKeys(
  machine: ReachedMachine,
  deps: Deps,
  shown?: string,
  uid: number | undefined = process.getuid?.(),
  from?: SourceLoaders,
): Promise<readonly string[] | undefined> {
  if (machine.via !== undefined) return undefined;
  if (machine.hostKeys) return publicKeys(machine.hostKeys);
  const source = await sourceOf(machine, deps, from);
  if (source === undefined || source.isSilent) return undefined;
  if (machine.authority === 'other' && !source.isCluster) return undefined;
  const { env, signal, timeoutMs = managerLimitMs } = deps;
  const late = AbortSignal.timeout(timeoutMs);
  // All questions together have one deadline.
  const until = signal ? AbortSignal.any([signal, late]) : late;
  const limited = { ...deps, env: ownEnv(env), timeoutMs, signal: until };
  const files = await ofManager(async () => source.files?.(machine, limited, uid));
  if (files === undefined) return undefined;
  const isShown = (texts: readonly string[]) => publicKeys(texts).some((key) => printOf(key) === shown);
  const usual = publicKeys((await ofManager(() => files.read(usualFiles, isShown))) ?? []);
  const isEnough = shown === undefined ? usual.length > 0 : isShown(usual);
  const others = isEnough ? [] : ((await ofManager(() => configuredKeys(files, limited))) ?? []);
  signal?.throwIfAborted();
  const all = [...new Set([...others, ...usual])].slice(0, maxKeys);
  return all.length === 0 ? undefined : all;
}

/** Whether the manager of a machine can read its host keys at all, so that no login has to trust a first one. */
export async function readsKeys(machine: ReachedMachine, deps: Deps): Promise<boolean> {
  if (machine.via !== undefined || machine.hostKeys !== undefined) return true;
  const source = await sourceOf(machine, deps);
  return source?.files !== undefined && !source.isSilent;
}

/** The fingerprints of the keys of what was reached; none if nobody can say. */
export async function managerPrints(reached: ReachedRecord | undefined, deps: Deps, shown: string) {
  const here = { env: deps.env, platform: deps.platform };
  const target = asTarget(reached?.text ?? '');
  const { machine } = reached ?? {};
  const keys =
    target?.kind === 'via'
      ? ((reached?.hostKeys && publicKeys(reached.hostKeys)) ?? (await keysOnHop(target, here)))
      : machine && (await managerKeys(machine, here, shown));
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

/** sshd's defaults (sshd_config(5), HostKey), in the order that ssh prefers. */
const usualFiles: readonly string[] = ['ed25519', 'ecdsa', 'rsa', 'mldsa44_ed25519'].map(
  (type) => `/etc/ssh/ssh_host_${type}_key.pub`,
);

/** The keys in the files that the machine's sshd is configured to use, as it reads them itself: what a sandbox of gVisor writes is in no copy. */
async function configuredKeys({ asRoot, read }: MachineFiles, deps: Deps): Promise<readonly string[]> {
  if (asRoot?.by !== 'exec') return [];
  const { command } = asRoot;
  const { askSshd } = await import('../connect/exec/why-not.js');
  const paths = hostKeyFiles(await printed(askSshd(command, 'keys'), deps));
  if (paths.length === 0) return [];
  const seen = publicKeys([await readByExec(command, paths, deps)]);
  // Small images have no find.
  return seen.length > 0 ? seen : publicKeys(await read(paths));
}

/** Reads what `sshd -T` prints: "hostkey /etc/ssh/ssh_host_rsa_key", a line each. */
function hostKeyFiles(text: string): readonly string[] {
  const paths = [...text.matchAll(/^hostkey (\/[\w./@+-]{1,200})\r?$/gm)].map(([, path = '']) => path);
  const files = paths
    .filter((path) => !path.split('/').includes('..'))
    .map((path) => (path.endsWith('.pub') ? path : `${path}.pub`));
  return [...new Set(files)].slice(0, maxFiles);
}

const maxFiles = 8;
