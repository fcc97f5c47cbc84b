import type { Guid } from '../address/guid.js';
import { portOfServiceId } from '../address/service-id.js';
import type { Endpoint } from '../endpoint.js';
import { formatEndpoint } from '../endpoint.js';
import type { Failure } from './failure.js';
import { hyperVFailures } from './hyper-v-failures.js';

/** What socket(2) fails with in any family. */
const exhausted: readonly Failure[] = [
  {
    codes: ['EMFILE', 'ENFILE'],
    problem: 'too many files are open',
    hint: 'see ulimit -n for this process, and sysctl fs.file-nr for the whole system',
  },
  {
    codes: ['ENOMEM', 'ENOBUFS'],
    problem: 'the kernel has no memory left for a socket',
    hint: 'see free -m, and the limits of this session or container',
  },
];

/**
 * The errno of a connect in words: see unix(7), vsock(7) and net/vmw_vsock/af_vsock.c. docs/errors.md shows the same
 * rows, and a test holds both together.
 */
export const failures: Readonly<Record<Endpoint['family'], readonly Failure[]>> = {
  unix: [
    {
      codes: ['ENOENT', 'ENOTDIR'],
      problem: 'there is no socket at {address}',
      hint: 'see whether the machine runs and exports it: ls -l {address}',
    },
    {
      codes: ['ECONNREFUSED'],
      problem: '{address} is not a socket that anybody listens on',
      hint: 'its server ended and left the file behind, or never listened: see ss -xl',
    },
    {
      codes: ['EACCES', 'EPERM'],
      problem: 'no permission to open {address}',
      hint: 'write permission on the socket and search permission on its folders is needed: see namei -l {address}',
    },
    {
      codes: ['ENAMETOOLONG'],
      problem: 'the socket path {address} is too long: AF_UNIX takes at most 107 bytes',
      hint: 'reach it by a shorter path, for example by a symbolic link to its folder',
    },
    {
      codes: ['EPROTOTYPE'],
      problem: '{address} is a datagram socket, no stream socket',
      hint: 'see ss -xl for the stream sockets of this host',
    },
    {
      codes: ['ELOOP'],
      problem: 'the path {address} runs in a circle of symbolic links',
      hint: 'see namei {address}',
    },
    {
      codes: ['EAGAIN', 'ETIMEDOUT'],
      problem: 'nobody took the connection at {address} in time: its queue is full or its server hangs',
      hint: 'see whether its server is alive: ss -xlp; give it longer with --timeout SECONDS',
    },
    ...exhausted,
  ],
  vsock: [
    {
      codes: ['ECONNRESET', 'ECONNREFUSED'],
      problem: 'the machine is there, but nobody listens on its vsock port {port}',
      hint: 'in the guest see: systemctl status sshd-vsock.socket (systemd 256 and later make it by themselves)',
    },
    {
      codes: ['ETIMEDOUT'],
      problem: 'no machine answers at {address} in time',
      hint: 'see whether the machine runs with this CID; while it boots, use --wait; for CID 1, load vsock_loopback',
    },
    {
      codes: ['ENODEV'],
      problem: 'no running machine has this CID, or no vsock transport is loaded',
      hint: 'on a host: modprobe vhost_vsock, and see the CIDs of its machines; in a guest: modprobe vmw_vsock_virtio_transport, and vsock_loopback for its own CID',
    },
    {
      codes: ['EHOSTUNREACH', 'ENETUNREACH'],
      problem: 'this CID cannot be reached from here',
      hint: 'a host reaches its guests (3 and up) and a guest its host (2) and itself (1), a guest no other guest',
    },
    {
      codes: ['EAFNOSUPPORT', 'EPROTONOSUPPORT', 'ESOCKTNOSUPPORT'],
      problem: 'this kernel has no vsock, or a sandbox hides it',
      hint: 'modprobe vsock; the kernel needs CONFIG_VSOCKETS; in a service see RestrictAddressFamilies=',
    },
    {
      codes: ['EACCES', 'EPERM'],
      problem: 'the system does not permit vsock to this program',
      hint: 'a sandbox (seccomp, AppArmor, SELinux) stands in between: see its log',
    },
    {
      codes: ['EINVAL'],
      problem: 'the kernel does not take the address {address}',
      hint: 'CIDs go from 0 to 4294967294; 4294967295 means any',
    },
    {
      codes: ['EADDRNOTAVAIL'],
      problem: 'this system has no free vsock port to connect from',
      hint: 'see what holds them: ss --vsock',
    },
    {
      codes: ['EPIPE', 'ENOTCONN', 'EPROTO'],
      problem: 'the machine went away while the connection was being opened',
      hint: 'see whether it still runs; while it boots, use --wait',
    },
    ...exhausted,
  ],
  'vsock-mux': [
    {
      codes: ['ENOENT', 'ENOTDIR'],
      problem: 'there is no multiplexer socket at {address}',
      hint: 'see whether the VM runs, and the path that its monitor was given (uds_path, socket=, --uds-path)',
    },
    {
      codes: ['ECONNREFUSED'],
      problem: 'the multiplexer at {address} is gone: its socket file was left behind',
      hint: 'start the VM again; its monitor makes the socket anew',
    },
    {
      codes: ['EACCES', 'EPERM'],
      problem: "no permission to open the multiplexer's socket {address}",
      hint: 'the VM belongs to another user, or its folder is closed: see namei -l {address}',
    },
    {
      codes: ['ENAMETOOLONG'],
      problem: 'the socket path {address} is too long: AF_UNIX takes at most 107 bytes',
      hint: 'reach it by a shorter path, for example by a symbolic link to its folder',
    },
    {
      codes: ['ELOOP'],
      problem: 'the path {address} runs in a circle of symbolic links',
      hint: 'see namei {address}',
    },
    {
      codes: ['EPROTOTYPE'],
      problem: '{address} is a datagram socket, no multiplexer',
      hint: 'the path is the one that the monitor was given as uds_path, socket= or --uds-path',
    },
    {
      codes: ['EOF', 'ECONNRESET', 'EPIPE'],
      problem: 'the multiplexer closed the connection: in the guest nobody listens on vsock port {port}',
      hint: 'in the guest see: systemctl status sshd-vsock.socket; while it boots, use --wait',
    },
    {
      codes: ['EAGAIN', 'ETIMEDOUT'],
      problem: 'the multiplexer at {address} did not answer in time',
      hint: 'see whether the VM is paused; give it longer with --timeout SECONDS',
    },
    {
      codes: ['PROTOCOL'],
      problem: 'the socket at {address} does not speak as a vsock multiplexer',
      hint: 'expected "OK NUMBER" as the answer to "CONNECT {port}"; for a plain socket use unix/PATH',
    },
    ...exhausted,
  ],
  tcp: [
    {
      codes: ['ECONNREFUSED', 'WSAECONNREFUSED'],
      problem: 'nobody listens on {address}',
      hint: 'see whether sshd runs in the machine and listens on TCP',
    },
    {
      codes: [
        ...['ETIMEDOUT', 'EHOSTUNREACH', 'ENETUNREACH', 'ENETDOWN'],
        ...['WSAETIMEDOUT', 'WSAEHOSTUNREACH', 'WSAENETUNREACH', 'WSAENETDOWN'],
      ],
      problem: '{address} cannot be reached',
      hint: 'see whether the machine runs and its network is up: machinectl status',
    },
    {
      codes: ['ENOTFOUND', 'EAI_AGAIN'],
      problem: 'the host name of {address} has no address',
      hint: 'see the address that the machine registered: machinectl show NAME',
    },
  ],
  'hyper-v': hyperVFailures,
};

/** The words for a code in the endpoint's family; the code itself where the table does not know it. */
export function explainFailure(
  endpoint: Endpoint,
  code: string,
): { problem: string; hint: string | undefined } {
  const found = failures[endpoint.family].find((failure) => failure.codes.includes(code));
  if (!found) return { problem: `the system says ${code}`, hint: undefined };
  return { problem: `${fill(found.problem, endpoint)} (${code})`, hint: fill(found.hint, endpoint) };
}

function fill(text: string, endpoint: Endpoint): string {
  const address = 'path' in endpoint ? endpoint.path : formatEndpoint(endpoint);
  return text.replaceAll('{address}', () => address).replaceAll('{port}', portOf(endpoint));
}

/** The service's own id stands for a port that it has none of. */
function portOf(endpoint: Endpoint): string {
  if ('port' in endpoint) return String(endpoint.port);
  if (endpoint.family !== 'hyper-v') return '';
  return String(portOfServiceId(endpoint.serviceId as Guid) ?? endpoint.serviceId);
}
