/** A socket address. Ports and CIDs are unsigned 32-bit numbers, GUIDs are text in the 8-4-4-4-12 form. */
export type Address =
  | { readonly family: 'unix'; readonly path: string }
  | { readonly family: 'vsock'; readonly cid: number; readonly port: number }
  | { readonly family: 'inet'; readonly host: string; readonly port: number }
  | { readonly family: 'hyper-v'; readonly vmId: string; readonly serviceId: string };

export type Family = Address['family'];

declare const handleBrand: unique symbol;
/** An open, connected socket owned by the addon. It is closed by `close`, or when it is garbage-collected. */
export interface Handle {
  readonly [handleBrand]: true;
}

/** Work in progress. After `cancel` the promise rejects with code ECANCELED, unless it was settled before. */
export interface Pending<T> {
  readonly promise: Promise<T>;
  cancel(): void;
}

/**
 * What every rejected promise and every throw of the addon carries. A wrong call throws at once: EINVAL and
 * ENAMETOOLONG for unusable arguments, EBADF for a closed handle, EALREADY while another one of its kind is pending.
 */
export interface NativeError extends Error {
  /** The errno's or WSA code's name, such as "ECONNREFUSED" or "WSAETIMEDOUT"; "EINVAL" for unusable arguments. */
  readonly code: string;
  /** The number for the name, positive, as the system gave it. */
  readonly errno: number;
  /** The call that failed: "socket", "connect", "recv", "send", "sendmsg", "poll", â¦ */
  readonly syscall: string;
}

export interface RelayOptions {
  /**
   * Milliseconds. After end-of-file on `input` the relay half-closes the socket, goes on as long as bytes move, and
   * ends after this long without one. -1: it waits for the peer to end. If the socket breaks within this time it ends
   * without an error once `output` has no reader, as whoever closed both is gone.
   */
  readonly lingerMs: number;
  /**
   * The path of the vsock multiplexer that the socket is connected to (Linux only). An end-of-file of the peer is then an
   * ECONNRESET if the multiplexer is gone: its process is ending, or its socket refuses, is gone, or is another one.
   */
  readonly multiplexer?: string | undefined;
  /** For the executable, if its process does nothing else; Node's addon checks the values and ignores them. */
  readonly handOff?: HandOff | undefined;
}

/**
 * How a relay that lasts continues without the executable's engine (Linux only): the whole process is replaced by the same
 * program, which then only runs the relay's loop on the same descriptors. It keeps its pid, its environment and stderr, and
 * closes everything else. The promise never settles then; the process exits with 0 when it would have resolved. If that is
 * not possible, as without unshare(2), the relay stays here.
 */
export interface HandOff {
  /** Milliseconds. It happens after them, as soon as both directions are open and idle. */
  readonly afterMs: number;
  /** What ps shows after the program's name. */
  readonly title: string;
  /**
   * What the process prints, and exits with 1, if the promise would have rejected: lines, without line breaks. First what comes
   * before the problem, and what before a hint; then three for each group of errors: their codes, with blanks between them
   * (none: all others), the problem, and a hint or nothing.
   */
  readonly onFailure: readonly string[];
  /** Whether the process then gives up all system calls that a relay does not need, if the kernel lets it. */
  readonly confined: boolean;
  /** Whether SIGINT is ignored from then on, since exec drops its handler. */
  readonly ignoreInterrupts: boolean;
}

export interface RelayResult {
  /** Bytes from `input` that the socket accepted. */
  readonly sent: number;
  /** Bytes from the socket that `output` accepted. */
  readonly received: number;
  /** What ended it: the peer closed, `output` has no reader, or nothing moved for `lingerMs` after `input` ended. */
  readonly end: 'peer' | 'output' | 'linger';
}

/** A row of Msvm_ComputerSystem. */
export interface HyperVMachine {
  /** Its Name: a GUID in upper case, for the host its computer name. */
  readonly id: string;
  /** Its ElementName: the name that people use. */
  readonly name: string;
  /** Its EnabledState: 2 running, 3 off, â¦ */
  readonly state: number;
}

export interface HyperVRights {
  readonly elevated: boolean;
  /** A member of Hyper-V Administrators (S-1-5-32-578). */
  readonly hyperVAdministrator: boolean;
}

/**
 * What a process can still do that starts no program any more. "read": read files, connect to unix sockets, and all that a relay needs.
 * "serve": also accept connections, and connect to vsock and TCP ports. "serve-path": also remove files, as its own unix socket's. "write":
 * as "read", and change files.
 */
export type Confinement = 'read' | 'serve' | 'serve-path' | 'write';

export interface Addon {
  /** Address families that this build opens on this system. */
  readonly families: readonly Family[];
  /** The bytes of the sockaddr that `connect` would use. Throws EINVAL if the address does not fit its family. */
  sockaddr(address: Address): Uint8Array;
  /**
   * Opens a stream socket within `timeoutMs` (a whole number > 0), or rejects with ETIMEDOUT. Blocks the event loop for
   * 1 ms at most: an answer within that time needs no thread.
   */
  connect(address: Address, timeoutMs: number): Pending<Handle>;
  /** Up to `max` bytes (and 256 KiB) as soon as there are some; an empty array at end-of-file. One read at a time per handle. */
  read(handle: Handle, max: number): Promise<Uint8Array>;
  /**
   * Looks at the next bytes without taking them: resolves when more than `known` are there (with all of them, at most
   * `max`), at end-of-file, or after `timeoutMs` (with those that are there, perhaps none).
   */
  peek(handle: Handle, known: number, max: number, timeoutMs: number): Pending<Uint8Array>;
  /** Resolves when the kernel took all of `data`. One write at a time per handle; `data` must not change until then. */
  write(handle: Handle, data: Uint8Array): Promise<void>;
  /** Half-close: the peer reads end-of-file, reading goes on. */
  shutdown(handle: Handle): void;
  /** Closes the socket now; pending work on it rejects with ECANCELED. Closing twice is harmless. */
  close(handle: Handle): void;
  /**
   * Moves bytes in both directions between the socket and two descriptors, in native code, until both ended, the reader of
   * `output` went away, or the peer is gone. End-of-file of the peer is passed on: `output` is closed (or shut down for
   * writing if it is a socket). The handle is closed at the end. Rejects if the socket breaks (ECONNRESET â¦), also
   * after the end of `input`. What `input` had accepted when the reader of `output` went away is still sent, as
   * long as bytes move within `lingerMs` (-1: 5 s). `close` ends it with ECANCELED.
   */
  relay(handle: Handle, input: number, output: number, options: RelayOptions): Promise<RelayResult>;
  /**
   * The same between two sockets, until both have ended: an end-of-file is passed on as such, in both directions. Both
   * handles are closed at the end; a TCP socket at `other` is reset if it rejects. `close` of either ends it with
   * ECANCELED. `sent` counts the bytes from `other`, and an `end` of "output" means that `other` was closed. `multiplexer` is
   * as in RelayOptions.
   */
  relaySockets(handle: Handle, other: Handle, multiplexer?: string): Promise<RelayResult>;
  /**
   * A socket that listens there; at most `backlog` connections wait to be accepted. A unix socket's file gets mode 0600, less
   * the umask, and stays after `close`. Throws EADDRINUSE, EACCES, EADDRNOTAVAIL â¦, on Windows with the WSA name.
   */
  listen(address: Address, backlog: number): Handle;
  /**
   * Takes over a listening stream socket that this process was started with, as from systemd: it becomes non-blocking and is
   * closed in other programs. Throws EBADF, ENOTSOCK, EPROTOTYPE (no stream), EINVAL (does not listen); on Windows ENOSYS.
   */
  adoptListener(descriptor: number): Handle;
  /** The next connection of a socket that listens. One accept at a time per handle; `close` ends it with ECANCELED. */
  accept(handle: Handle): Pending<Handle>;
  /**
   * A socket's own address (0), or its peer's (1); undefined if `families` has not its family. The path of a unix socket
   * without one is "". Throws ENOTCONN …
   */
  socketAddress(handle: Handle, end: 0 | 1): Address | undefined;
  /**
   * The user id of the program that has the other end of a TCP connection of this host, by sock_diag(7); undefined if no program
   * has it (any more). Throws EINVAL (no TCP socket), ENOTCONN, ENOSYS (Windows), or why the kernel cannot be asked: EPROTONOSUPPORT …
   */
  peerUser(handle: Handle): number | undefined;
  /**
   * The process that made the other end of a unix socket listen, by its credentials (unix(7)); undefined if it is in a pid namespace that
   * this process does not see. Throws ENOSYS (Windows).
   */
  peerProcess(handle: Handle): number | undefined;
  /**
   * Sends the socket over the AF_UNIX socket `over` (SCM_RIGHTS and one NUL byte), in blocking mode; the handle stays open here.
   * Throws EAFNOSUPPORT if `over` is a socket of another family.
   */
  sendFd(over: number, handle: Handle): void;
  /**
   * Two connected AF_UNIX sockets: ours, and `peer`, whose descriptor is for the stdin and stdout of a program that is about to be
   * started: `close` it once that runs. Throws EMFILE …; on Windows ENOSYS.
   */
  socketPair(): { readonly handle: Handle; readonly peer: Handle; readonly descriptor: number };
  /**
   * Resolves when one of the descriptors hung up: all writers of a pipe gone, no reader of a pipe left, the other end
   * of a socket closed or shut down for writing. Takes no bytes. Does not keep the process alive.
   */
  watchHangup(descriptors: readonly number[]): Pending<void>;
  /**
   * Has the terminal at stdin pass each key at once, without echo and with Ctrl-C as a key, or makes it as it was before. That
   * is also done when the program ends, but not by a signal that nobody handles. Throws ENOTTY, on Windows EBADF.
   */
  rawTerminal(raw: boolean): void;
  /** What is typed at that terminal, in UTF-8, arrows as "ESC [ A"; an empty array once the terminal is gone. */
  readKeys(): Pending<Uint8Array>;
  /** Windows only: gives the file `to` the access list of `from`. Throws EACCES … Elsewhere it throws ENOSYS. */
  copyAccess(from: string, to: string): void;
  /**
   * Windows only: the machines that WMI lists (Msvm_ComputerSystem), the host itself among them. Without rights the list
   * is empty. A rejection's code is a WBEM_E_ name, HRESULT with the number in `errno`, or EMSGSIZE for more than 10,000
   * machines or 4 Mi characters of names. Elsewhere it throws ENOSYS.
   */
  hyperVMachines(timeoutMs: number): Pending<readonly HyperVMachine[]>;
  /** Windows only: what this process may do; either is enough for Hyper-V. Elsewhere it throws ENOSYS. */
  hyperVRights(): HyperVRights;
  /**
   * For the executable on Linux: gives up all system calls that `profile` does not need, in all threads and for ever; they fail with ENOSYS.
   * False where nothing changes: in Node's addon, on Windows, and where the kernel or a container has no such filter.
   */
  confine(profile: Confinement): boolean;
}

/**
 * Loads the addon: from `folder`, or from where this package was built. Throws an Error whose `tried` lists every
 * path and what was wrong with it, and that it needs glibc if `report`, by default Node's own, has none.
 */
export function load(folder?: string, report?: { getReport(): object }): Addon;

/** Where `load` looks, best first. */
export function candidates(folder?: string): readonly string[];

/** The folder of the addon for this system, in a copy of this package at `home`. */
export function prebuilds(home: string): string;
