import { targetHere } from '../../typed/shell.js';
import { exhausted, type Failure, windowsExhausted } from './failure.js';

/** For the hint that systemd prints in a machine without a CID (https://github.com/systemd/systemd/issues/39640). */
const notAMachine =
  'this is the host itself; in a guest that does not know its own CID, systemd prints ssh vsock%1, which is of no use here: vmssh list shows what to type';

/** What the errno of a connect means for AF_VSOCK, from vsock(7) and net/vmw_vsock/af_vsock.c. */
export const vsockFailures: readonly Failure[] = [
  {
    codes: ['ECONNRESET', 'ECONNREFUSED'],
    problem: 'the machine is running, but nothing listens on its vsock port {port}',
    hint: 'use --wait while it boots; then in the guest, run: systemctl list-sockets "sshd-vsock*" (systemd 256 and later listen on port 22 by themselves)',
    hintForThisHost: notAMachine,
  },
  {
    codes: ['ETIMEDOUT'],
    problem: 'no machine answered at {address} in time',
    hint: 'check that the machine is running with this CID; use --wait while it boots',
    hintForThisHost: `${notAMachine}; for an sshd of this host: modprobe vsock_loopback`,
  },
  {
    codes: ['ENODEV'],
    problem: 'no running machine has this CID, or no vsock transport is loaded',
    hint: 'on a host: modprobe vhost_vsock, and check the CIDs with vmssh list; in a guest: modprobe vmw_vsock_virtio_transport, and vsock_loopback for its own CID',
    hintForThisHost: `${notAMachine}; for an sshd of this host: modprobe vsock_loopback`,
  },
  {
    codes: ['EHOSTUNREACH', 'ENETUNREACH'],
    problem: 'the machine is not ready yet, or its CID cannot be reached from here',
    hint: 'use --wait while it boots; a host reaches its guests (3 and up); a guest reaches its host (2) and itself (1), but no other guest',
  },
  {
    codes: ['EAFNOSUPPORT', 'EPROTONOSUPPORT', 'ESOCKTNOSUPPORT', 'EACCES', 'EPERM'],
    final: true,
    problem: 'this kernel has no vsock, or a sandbox (seccomp, AppArmor, SELinux) blocks it',
    hint: 'modprobe vsock; the kernel needs CONFIG_VSOCKETS; in a service see RestrictAddressFamilies=',
  },
  {
    codes: ['EPIPE', 'ENOTCONN', 'EPROTO'],
    problem: 'the machine went away while connecting',
    hint: 'check that it is still running; use --wait while it boots',
  },
  ...exhausted,
];

/** Of the path of a unix socket, whoever serves it. */
const pathFailures: readonly Failure[] = [
  {
    codes: ['EAFNOSUPPORT', 'EPROTONOSUPPORT', 'ESOCKTNOSUPPORT'],
    final: true,
    problem: 'a sandbox hides unix sockets',
    hint: 'in a service see RestrictAddressFamilies=',
  },
  {
    codes: ['ENAMETOOLONG'],
    final: true,
    problem: 'the socket path {address} is too long: AF_UNIX takes at most 107 bytes',
    hint: 'use a shorter path, such as a symbolic link to its folder',
  },
  {
    codes: ['ENOTSOCK', 'EPROTOTYPE'],
    final: true,
    problem: '{address} is not a stream socket',
    hint: 'ss -xl lists the stream sockets of this host',
  },
];

/**
 * What the errno of a connect means for AF_UNIX, from unix(7); the WSA codes from reports by users of Windows:
 * https://github.com/golang/go/issues/44797, https://github.com/microsoft/WSL/issues/4240
 */
export const unixFailures: readonly Failure[] = [
  {
    codes: ['ENOENT', 'ENOTDIR'],
    problem: 'no socket at {address}',
    hint: 'check that the machine is running and exports it: ls -l {address}',
    hintForThisHost:
      'systemd 256 and later make it if sshd is installed; for an older one see "The generator" in docs/guest.md',
  },
  {
    codes: ['ECONNREFUSED'],
    problem: 'nothing listens on the socket {address}',
    hint: 'its server ended and left the file, or never listened: see ss -xl',
  },
  {
    codes: ['EACCES', 'EPERM'],
    final: true,
    problem: 'no permission to open {address}',
    hint: 'you need write permission on the socket and search permission on its folders: see namei -l {address}',
  },
  ...pathFailures,
  {
    codes: ['EAGAIN', 'ETIMEDOUT'],
    problem: 'the server at {address} did not accept the connection in time: its queue is full, or it hangs',
    hint: 'check its server: ss -xlp; or allow more time with --timeout SECONDS',
  },
  ...exhausted,
  {
    codes: ['WSAECONNREFUSED'],
    problem: 'nothing listens on {address}, or there is no such file',
    hint: 'check that its server is running, and the file: dir /a "{address}"',
  },
  {
    codes: ['WSAENETDOWN', 'WSAEINVAL'],
    problem: 'Windows finds no folder for {address}, or rejects it as the path of a unix socket',
    hint: 'it must be a Windows path such as unix/C:/Users/me/x.sock, and the socket must not be one of Cygwin, MSYS or WSL',
  },
  {
    codes: ['WSAEACCES'],
    final: true,
    problem: 'Windows does not let this user open {address}',
    hint: 'you need write permission on the socket: see icacls "{address}"',
  },
  {
    codes: ['WSAEAFNOSUPPORT', 'WSAEPROTONOSUPPORT', 'WSAESOCKTNOSUPPORT'],
    final: true,
    problem: 'this Windows has no unix sockets',
    hint: 'Windows 10 1803 and later have them, with the driver afunix: sc query afunix',
  },
  windowsExhausted,
];

/** What an errno or a multiplexer's answer means for a connection through its socket. */
export const multiplexerFailures: readonly Failure[] = [
  {
    codes: ['ENOENT', 'ENOTDIR'],
    problem: 'no multiplexer socket at {address}',
    hint: 'check that the VM is running, and the path given to its VMM (uds_path, socket=, --uds-path)',
  },
  {
    codes: ['ECONNREFUSED'],
    problem: 'the multiplexer at {address} is gone and left its socket file',
    hint: 'start the VM again: its VMM creates the socket',
  },
  {
    codes: ['EACCES', 'EPERM'],
    final: true,
    problem: "no permission to open the multiplexer's socket {address}",
    hint: 'the VM belongs to another user, or its folder is closed to you: see namei -l {address}',
  },
  ...pathFailures,
  {
    codes: ['EOF', 'ECONNRESET', 'EPIPE'],
    problem: 'the multiplexer closed the connection: nothing listens on vsock port {port} in the guest',
    hint: 'use --wait while it boots; then in the guest, run: systemctl list-sockets "sshd-vsock*"',
  },
  {
    codes: ['EAGAIN', 'ETIMEDOUT'],
    problem: 'the multiplexer at {address} did not answer in time',
    hint: 'check that the VM is not paused, or allow more time with --timeout SECONDS; if Firecracker restored it from a snapshot, its vsock may be dead: restart the VM',
  },
  {
    codes: ['PROTOCOL'],
    final: true,
    problem: 'the socket at {address} is not a vsock multiplexer',
    hint: '"CONNECT {port}" should be answered with "OK NUMBER"; for a plain socket use unix/PATH',
  },
  ...exhausted,
];

/** What the errno of a connect means for TCP. */
export const tcpFailures: readonly Failure[] = [
  {
    codes: ['ECONNREFUSED', 'WSAECONNREFUSED'],
    problem: 'nothing listens on {address}',
    hint: 'check that sshd is running in the machine and listens on TCP',
  },
  {
    codes: [
      ...['ETIMEDOUT', 'EHOSTUNREACH', 'ENETUNREACH', 'ENETDOWN'],
      ...['WSAETIMEDOUT', 'WSAEHOSTUNREACH', 'WSAENETUNREACH', 'WSAENETDOWN'],
    ],
    problem: '{address} cannot be reached',
    hint: 'check that the machine is running and its network is up: vmssh list',
  },
  {
    codes: ['EACCES', 'EPERM', 'WSAEACCES'],
    final: true,
    problem: 'this system does not let this program connect to {address}',
    hint: 'a firewall or a sandbox blocks it: see its log',
  },
  {
    codes: ['EAFNOSUPPORT', 'WSAEAFNOSUPPORT'],
    final: true,
    problem: 'this system has no sockets for {address}, or a sandbox hides them',
    hint: 'for an IPv6 address see sysctl net.ipv6.conf.all.disable_ipv6; in a service see RestrictAddressFamilies=',
  },
  {
    codes: ['ENOTFOUND', 'EAI_AGAIN'],
    problem: 'the host name of {address} has no address',
    hint: 'check the address that the machine registered: machinectl show NAME',
  },
  ...exhausted,
  windowsExhausted,
];

/** For AF_HYPERV: https://learn.microsoft.com/en-us/windows/win32/winsock/windows-sockets-error-codes-2 and users' reports. */
export const hyperVFailures: readonly Failure[] = [
  {
    codes: ['WSAEADDRNOTAVAIL', 'WSAENETUNREACH'],
    problem: 'no running machine of this Windows has the id of {address}',
    hint: 'use --wait while it boots, or start it: vmssh list shows the machines and their states; the id of WSL2 changes with every wsl --shutdown',
  },
  {
    codes: ['WSAETIMEDOUT', 'ETIMEDOUT', 'WSAECONNREFUSED'],
    problem: 'the machine is running, but nothing answered on its vsock port {port}',
    hint: `vmssh check --wait ${targetHere} waits while it boots; a Linux guest that ssh reaches over TCP at HOST is set up by vmssh guest install --target ${targetHere} USER@HOST; in it, see: systemctl list-sockets "sshd-vsock*" (systemd 256 and later listen on port 22 by themselves, but 258.3 to 260.2 do not on Hyper-V), and modprobe hv_sock`,
  },
  {
    codes: ['WSAEACCES'],
    final: true,
    problem: 'Windows does not let this user open Hyper-V sockets of {address}',
    hint: 'join Hyper-V Administrators (S-1-5-32-578), as vmssh doctor shows, or use an elevated terminal',
    hintWithRights: 'in an elevated terminal: vmssh service register {port}',
  },
  {
    codes: ['WSAENETDOWN'],
    problem: 'the Hyper-V socket transport is down',
    hint: 'try again, or use --wait; if it stays down, check that the service vmcompute is running: sc query vmcompute',
  },
  {
    codes: ['WSAEAFNOSUPPORT', 'WSAEPROTONOSUPPORT', 'WSAESOCKTNOSUPPORT', 'EAFNOSUPPORT'],
    final: true,
    problem: 'this system has no Hyper-V sockets',
    hint: 'on Windows enable Hyper-V or the Virtual Machine Platform and restart: optionalfeatures, or elevated: dism /online /enable-feature /featurename:VirtualMachinePlatform /all',
  },
  {
    codes: ['WSAECONNRESET', 'WSAECONNABORTED', 'WSAENOTCONN', 'WSAESHUTDOWN', 'WSAEDISCON'],
    problem: 'the machine went away while connecting',
    hint: 'check that it is still running: vmssh list; use --wait while it boots',
  },
  windowsExhausted,
];
