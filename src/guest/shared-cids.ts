import { groupBy } from '../group-by.js';

/** A program that runs a machine with a vsock device, by its command line. */
export interface CidUser {
  readonly pid: number;
  readonly cid: number;
  /** The program, and the machine's name where it was given. */
  readonly words: string;
}

/** The CIDs in a command line (arguments, as in /proc/PID/cmdline) of QEMU or crosvm; the kernel's vhost alone shares them. */
export function cidsOf(pid: number, args: readonly string[]): readonly CidUser[] {
  const program = (args[0] ?? '').split('/').pop() ?? '';
  const name = args[args.indexOf('-name') + 1]?.replace(/^guest=/, '').split(',')[0];
  const words = args.includes('-name') && name ? `${program} ${name}` : program;
  return args.flatMap((arg, i) => {
    const match =
      /^vhost-vsock-[a-z-]+,(?:.*,)?guest-cid=(\d+)/.exec(arg) ??
      /^\{.*"driver":"vhost-vsock-[a-z-]+".*"guest-cid":(\d+)/.exec(arg) ??
      (args[i - 1] === '--vsock' ? /(?:^|,)cid=(\d+)/.exec(arg) : null);
    return match ? [{ pid, cid: Number(match[1]), words }] : [];
  });
}

/** The CIDs that several programs use. */
export function sharedCids(users: readonly CidUser[]): ReadonlyMap<number, readonly CidUser[]> {
  return new Map([...groupBy(users, ({ cid }) => cid)].filter(([, each]) => each.length > 1));
}
