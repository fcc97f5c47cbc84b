import { isIPv4 } from 'node:net';
import { groupBy } from '../../base/group-by.js';
import { readText } from '../../files/read-file.js';
import { type Deps, DiscoveryError } from '../source.js';
import { hasProc, nodeFs, procDir } from './processes.js';

/** A socket that listens; `inode` names it among the files of its process. */
export interface TcpListener {
  readonly port: number;
  readonly uid: number;
  readonly inode: string;
}

/** Listeners on a TCP port of an IPv4 address, or on any port of it; undefined if unknown. */
export type Listeners = (host: string, port?: number) => readonly TcpListener[] | undefined;

/** The listeners of this network namespace, from the kernel (proc_net(5)). Rejects with a DiscoveryError EFBIG. */
export async function readListeners(deps: Deps): Promise<Listeners> {
  if (!hasProc(deps)) return () => undefined;
  const [tcp, tcp6 = ''] = await Promise.all(['tcp', 'tcp6'].map((name) => table(name, deps)));
  if (tcp === undefined) return () => undefined;
  const matches = [...`${tcp}${tcp6}`.matchAll(listening)];
  const rows = matches.map(([, address = '', port = '', uid, inode = '']) => {
    return { address, inode, port: Number.parseInt(port, 16), uid: Number(uid) };
  });
  const byPort = groupBy(rows, ({ port }) => port);
  return (host, port) => {
    if (!isIPv4(host) && host !== '::1') return undefined;
    const own = isIPv4(host) ? [hexOf(host), `${mapped}${hexOf(host)}`] : [loopback6];
    const local = new Set([...anyAddress, ...own]);
    const among = port === undefined ? rows : (byPort.get(port) ?? []);
    return among.filter(({ address }) => local.has(address)).map(({ address: _, ...listener }) => listener);
  };
}

/** The inodes of a process's sockets; undefined if they cannot be seen, as those of another user. */
export async function socketsOf(
  { pid }: { readonly pid: number },
  deps: Deps,
): Promise<ReadonlySet<string> | undefined> {
  const folder = `${procDir(deps)}/${pid}/fd`;
  try {
    const files = nodeFs.readdir(folder).slice(0, maxFiles);
    const links = await Promise.all(
      files.map((file) => nodeFs.readlink(`${folder}/${file}`).catch(() => '')),
    );
    return new Set(links.flatMap((link) => /^socket:\[(\d+)\]$/.exec(link)?.slice(1) ?? []));
  } catch {
    return undefined;
  }
}

/** More than a machine's process has. */
const maxFiles = 20_000;

async function table(name: string, deps: Deps): Promise<string | undefined> {
  const path = `${procDir(deps)}/net/${name}`;
  try {
    return await readText(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EFBIG') return undefined;
    throw new DiscoveryError('EFBIG', `${path} is too long to be read`, { cause: error });
  }
}

/** A row in state LISTEN: its address, port, uid and inode. */
const listening = /^ *\d+: ([0-9A-F]+):([0-9A-F]{4}) [0-9A-F]+:0000 0A [^ ]+ [^ ]+ [^ ]+ +(\d+) +\d+ (\d+)/gm;

/** The prefix of an IPv4 address in IPv6 form. */
const mapped = '0000000000000000FFFF0000';
const anyAddress: readonly string[] = ['0'.repeat(8), '0'.repeat(32), `${mapped}${'0'.repeat(8)}`];

/** ::1, in four words of little-endian order. */
const loopback6 = '00000000000000000000000001000000';

/** An IPv4 address as these tables have it, in little-endian order: 127.0.0.1 is 0100007F. */
function hexOf(host: string): string {
  const bytes = host.split('.').map((byte) => Number(byte).toString(16).toUpperCase().padStart(2, '0'));
  return bytes.reverse().join('');
}
