import { isSameFile } from '../../files/read-file.js';
import { readTextIfAny } from '../../files/read-sync.js';
import type { Deps } from '../source.js';

interface StatusFs {
  readlink(path: string): Promise<string>;
  /** Kernel data of a process. */
  readStatus(path: string): string;
}

/**
 * Returns a test for whether a process is in a container, where names of programs and machines prove nothing: an engine
 * made its cgroup, or it has another user or pid namespace than we do. Its mount namespace says nothing: units with
 * PrivateTmp= and libvirt's QEMUs have their own. Units of `systemd --user` have a user namespace for that, in which
 * each user is itself, and the host's pids and network.
 */
export function containerTest(proc: string, fs: StatusFs): (pid: number) => Promise<boolean> {
  const own = look('self', proc, fs);
  return async (pid) => {
    const one = await look(pid, proc, fs);
    const self = await own;
    if (one.engines.some((each) => !self.engines.includes(each))) return true;
    const isOwnUser = !differ(one.userNs, self.userNs) && !differ(one.uidMap, self.uidMap);
    if (!isOwnUser && !(await isSandbox(pid, one, self, proc))) return true;
    if (!differ(one.pidNs, self.pidNs) && one.pids.length <= self.pids.length) return false;
    return !isInitBelow(one, self, await look(one.parent, proc, fs));
  };
}

/** Whether only its users are another namespace's, and those that it has are the same here. A container's root is another user here. */
async function isSandbox(pid: number, one: Looks, self: Looks, proc: string): Promise<boolean> {
  const users = one.uidMap.split('\n').filter((line) => line.trim() !== '');
  const areSame = users.length > 0 && users.every((line) => /^\s*(\d+)\s+\1\s/.test(line));
  if (!areSame || one.pidNs === '' || one.pidNs !== self.pidNs) return false;
  return isSameFile(`${proc}/${pid}/net/dev`, `${proc}/self/net/dev`);
}

/** Whether the service manager or Firecracker's jailer started it as the first process of a pid namespace below ours (PrivatePIDs=, --new-pid-ns). */
function isInitBelow(one: Looks, self: Looks, starter: Looks): boolean {
  if (one.pids.length !== self.pids.length + 1 || one.pids.at(-1) !== '1') return false;
  const isHere = starter.pids.length === self.pids.length && !differ(starter.pidNs, self.pidNs);
  return isHere && (one.parent === '1' || starters.has(starter.name));
}

const starters: ReadonlySet<string> = new Set(['systemd', 'jailer']);

interface Looks {
  readonly name: string;
  readonly parent: string;
  /** The pid in each pid namespace, from that of this /proc inwards. */
  readonly pids: readonly string[];
  /** The cgroups of the engines around it. */
  readonly engines: readonly string[];
  /** "" if it may not be read. */
  readonly uidMap: string;
  readonly userNs: string;
  readonly pidNs: string;
}

async function look(pid: number | string, proc: string, fs: StatusFs): Promise<Looks> {
  const own = `${proc}/${pid}`;
  const read = (name: string) => readStatus(`${own}/${name}`, fs);
  const status = read('status');
  const [userNs = '', pidNs = ''] = await Promise.all(
    ['user', 'pid'].map((name) => fs.readlink(`${own}/ns/${name}`).catch(() => '')),
  );
  return {
    name: statusField(status, 'Name'),
    parent: statusField(status, 'PPid'),
    pids: statusField(status, 'NSpid').split(/\s+/),
    engines: enginesIn(read('cgroup')),
    uidMap: read('uid_map'),
    userNs,
    pidNs,
  };
}

/** Kernel data of a process; "" if it has exited meanwhile, or may not be read. */
export function readStatus(path: string, fs: StatusFs): string {
  try {
    return fs.readStatus(path);
  } catch {
    return '';
  }
}

/** What a line of /proc/PID/status says; "" if there is none. */
export function statusField(status: string, name: string): string {
  const [, value = ''] = `\n${status}`.split(`\n${name}:`, 2);
  return value.split('\n', 1).join('').trim();
}

function differ(one: string, other: string): boolean {
  return one !== '' && other !== '' && one !== other;
}

/** From the text of /proc/PID/cgroup, each path up to its last part that a container engine made. What is below was made in the container. */
export function enginesIn(text: string): readonly string[] {
  const paths = text.split('\n').map((line) => line.replace(/^\d+:[^:]*:/, '').split('/'));
  return paths.flatMap((parts) => {
    const last = parts.findLastIndex((part) => engineGroup.test(part));
    return last < 0 ? [] : [parts.slice(0, last + 1).join('/')];
  });
}

/** The id of the container that a process is in, as its engine prints it; undefined if that gave none. */
export function containerOf(pid: number, { procDir = '/proc' }: Deps): string | undefined {
  const groups = enginesIn(readTextIfAny(`${procDir}/${pid}/cgroup`));
  return /[0-9a-f]{64}/.exec(groups.join('\n'))?.[0].slice(0, 12);
}

/** Also LXC for Incus and LXD, "payload" for nspawn, and a whole id, as most engines have with --cgroup-parent. */
const engineGroup =
  /^(?:docker(?:-[0-9a-f]+\.scope)?|libpod(?:[-_].*)?|.*-libpod_pod_.*|buildah-.*|nerdctl-.*|crio-.*|cri-containerd[-:].*|kubepods.*|lxc|lxc\.payload.*|payload|machine-lxc\\x2d.*|[0-9a-f]{64})$/;
