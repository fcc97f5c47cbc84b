import type { Readable } from 'node:stream';

export type Suite =
  | 'trixie'
  | 'sid'
  | 'bookworm'
  | 'hypervisor'
  | 'hypervisor-sid'
  | 'containers'
  | 'lxd'
  | 'desktop'
  | 'sysvinit'
  | 'openrc';

export interface SuiteFacts {
  /** The Debian suite that it is made of, if that is not its name. */
  debian?: string;
  /** The systemd there, at least; 0: none. */
  systemd: number;
  packages: string[];
  /** Whether its systemd listens on vsock port 22 by itself. */
  servesVsock: boolean;
  /** Whether a Release file past its date is taken. */
  acceptOutdated?: boolean;
  /** Whether guests can be tested without it: on some days its packages do not fit together. */
  isRare?: boolean;
  /** Whether it gets the Node that runs the tests. */
  needsNode?: boolean;
  /** No node at all. */
  withoutNode?: boolean;
  /** PID 1, if it is not systemd. */
  init?: 'sysvinit';
}

/** Gets a line when something has to be built. */
export type Log = (line: string) => void;

export interface BootOptions {
  suite: Suite;
  /** The guest's own CID, as it sees it; guests never share a device, so they may share a CID. Default 42. */
  cid?: number;
  /** A folder of this machine for the guest to mount: `mount -t virtiofs host /host`. */
  share?: string;
  /** A NIC with the guest's port 22 forwarded to this port of 127.0.0.1, or with true to a free one. Default true. */
  net?: boolean | number;
  /** A vsock device, whose host side is the multiplexer at muxPath; 'root-port': as libvirt and Incus plug it. Default true. */
  vsock?: boolean | 'root-port';
  /** More arguments for the kernel's command line, such as `systemd.ssh_auto=no`. */
  append?: string;
  /** System credentials by their names, such as ssh.listen: given by SMBIOS, which systemd 252 and later read. */
  credentials?: Record<string, string>;
  /** More arguments for QEMU. */
  qemu?: readonly string[];
  /** Let it reboot: its disk is then what it left. Otherwise a reboot ends it. The image itself never changes. */
  reboots?: boolean;
  /** MiB. Default 1024. */
  memory?: number;
  /** A CPU model of QEMU’s. Default Haswell-noTSX: AVX2, which some executables are built for. */
  cpu?: string;
  /** The firmware's maker in place of QEMU, such as Hyper-V: what systemd-detect-virt then goes by. */
  vendor?: string;
  /** false: come back as soon as QEMU runs; `ready()` waits later. Default true. */
  wait?: boolean;
  /** Seconds until a boot has failed. Default 180. */
  bootTimeout?: number;
  log?: Log;
}

/** All of it, with the defaults, and where its programs and its image are. */
export interface BootPlan extends BootOptions {
  cid: number;
  net: boolean | number;
  vsock: boolean | 'root-port';
  memory: number;
  cpu: string;
  wait: boolean;
  bootTimeout: number;
  programs: string;
  image: string;
}

/** A program of a guest; `socket` is there once it is ready. */
export interface GuestProgram {
  name: string;
  argv: string[];
  socket: string;
}

export interface RunOptions {
  /** What the command reads. Default: nothing. */
  input?: string | Uint8Array | Readable;
  /** Seconds. Default 60. */
  timeout?: number;
  /** true: a code other than 0 is a result. Otherwise it throws, with the console's last lines. */
  allowFailure?: boolean;
}

export interface ExecuteOptions extends RunOptions {
  env?: NodeJS.ProcessEnv;
  /** What an error calls it; default: its command line. */
  name?: string;
}

export interface Result {
  /** The exit code, or the name of the signal that ended it. */
  code: number | string;
  stdout: string;
  stderr: string;
}

export interface Pids {
  readonly qemu: number;
  readonly [name: string]: number;
}

/** What guest.json says about a running guest. */
export interface GuestFacts {
  suite: Suite | 'arm64';
  cid: number;
  /** The run folder, removed by stop(). */
  folder: string;
  /** The private key that root and the user `tester` are logged in by. */
  identity: string;
  /** The unix socket that takes `CONNECT <port>\n`. Nobody listens there with vsock: false. */
  muxPath: string;
  /** On 127.0.0.1; 0 with net: false. */
  tcpPort: number;
  /** The supervisor's pid, and each program's by its name (qemu, vhost-device-vsock, virtiofsd). */
  pids: Pids & { readonly supervisor: number };
}

export interface Guest extends GuestFacts {
  /** Arguments with which the machine's own ssh logs in; a command may follow. */
  ssh: string[];
  /** Resolves once sshd answers and a command ran. */
  ready(timeout?: number): Promise<void>;
  /** Runs a shell command as root, with VMSSH_GUEST=<suite> in its environment. */
  run(cmd: string, options?: RunOptions): Promise<Result>;
  /** { path in the guest: path here }: a file to a file with its mode, a folder's content to a folder. */
  copyIn(files: Record<string, string>): Promise<void>;
  /** What the serial console showed so far. */
  console(): string;
  /** Freezes the guest's CPUs; its sockets stay as they are. */
  pause(): void;
  resume(): void;
  /** The power is cut: SIGKILL for QEMU. The multiplexer's process stays until stop(). */
  kill(): Promise<void>;
  running(): boolean;
  /** Ends everything and removes the run folder. May be called again. */
  stop(): Promise<void>;
  /** Leaves the guest running after our own end, until `npm run guest -- stop` or its power-off. */
  detach(): void;
}
