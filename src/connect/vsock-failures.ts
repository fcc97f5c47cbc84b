import { exhausted } from './exhausted.js';
import type { Failure } from './failure.js';

/** What the errno of a connect means for AF_VSOCK, from vsock(7) and net/vmw_vsock/af_vsock.c. */
export const vsockFailures: readonly Failure[] = [
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
];
