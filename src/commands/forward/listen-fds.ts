import type { Addon, Address, Handle } from 'node-hvsock-native';
import { CommandError } from '../../cli/command.js';
import { quote } from '../../errors.js';
import { parseUnsigned32 } from '../../typed/numbers.js';

/** A listening socket that the service manager opened. */
export interface PassedSocket {
  readonly handle: Handle;
  /** What it listens on. */
  readonly address: Address;
}

type Environment = Record<string, string | undefined>;

/** The sockets that this process was started with: sd_listen_fds(3). The variables that name them are removed, so that no child takes them. Throws a CommandError. */
export function listenFds(
  addon: Addon,
  env: Environment = process.env,
  pid = process.pid,
): readonly PassedSocket[] {
  const { LISTEN_FDS: fds, LISTEN_PID: owner } = env;
  for (const name of variables) delete env[name];
  if (fds === undefined || owner === undefined)
    throw badListenFds(`${fds === undefined ? 'LISTEN_FDS' : 'LISTEN_PID'} is not set`, onlyFromSystemd);
  if (parseUnsigned32(owner) !== pid)
    throw badListenFds(`LISTEN_PID is ${quote(owner)}, and this process is ${pid}`, directly);
  const count = parseUnsigned32(fds) ?? 0;
  if (count < 1 || count > maxSockets)
    throw badListenFds(
      `LISTEN_FDS is ${quote(fds)}: expected a number from 1 to ${maxSockets}`,
      onlyFromSystemd,
    );
  // LISTEN_FDNAMES is not looked at: a unit's name may have the ":" that stands between names there.
  return Array.from({ length: count }, (_, i) => adoptSocket(addon, first + i));
}

/** LISTEN_PIDFDID: since systemd 258. */
const variables = ['LISTEN_FDS', 'LISTEN_PID', 'LISTEN_PIDFDID', 'LISTEN_FDNAMES'] as const;

/** SD_LISTEN_FDS_START */
const first = 3;

/** As many as a service gets descriptors by default (LimitNOFILE=), less some. */
const maxSockets = 1000;

const onlyFromSystemd =
  'start it by a .socket unit of systemd: see docs/forward.md, or systemd-socket-activate';
const directly =
  'start it directly from the service, as in ExecStart=/usr/bin/vmssh forward …, or by exec in a script';

function adoptSocket(addon: Addon, descriptor: number): PassedSocket {
  try {
    const handle = addon.adoptListener(descriptor);
    const address = addon.socketAddress(handle, 0);
    if (address) return { handle, address };
    addon.close(handle);
  } catch (error) {
    const { code = '', message } = error as NodeJS.ErrnoException;
    throw badListenFds(`descriptor ${descriptor} ${problems[code] ?? message} (${code})`, streamOnly);
  }
  throw badListenFds(`descriptor ${descriptor} is a socket of another family`, streamOnly);
}

const streamOnly = 'the .socket unit needs a ListenStream= for each socket, and no Accept=yes';

const problems: Readonly<Record<string, string>> = {
  EBADF: 'is not open',
  ENOTSOCK: 'is not a socket',
  EPROTOTYPE: 'is a socket without streams, such as UDP',
  EINVAL: 'is a socket that does not listen',
};

function badListenFds(problem: string, hint: string): CommandError {
  return new CommandError('LISTEN_FDS', `cannot take sockets from systemd: ${problem}`, hint);
}
