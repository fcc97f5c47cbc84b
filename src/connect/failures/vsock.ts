import { exhausted } from './exhausted.js';
import type { Failure } from './failure.js';

/** For the hint that systemd prints in a machine without a CID (https://github.com/systemd/systemd/issues/39640). */
const notAMachine =
  'this is the host itself; in a guest that does not know its own CID, systemd prints ssh vsock%1, which is of no use here: vmssh list shows what to type';

/** What the errno of a connect means for AF_VSOCK, from vsock(7) and net/vmw_vsock/af_vsock.c. */
export const vsockFailures: readonly Failure[] = [
  {
    codes: ['ECONNRESET', 'ECONNREFUSED'],
    problem: 'the machine is running, but nothing listens on its vsock port {port}',
    hint: 'in the guest, run: systemctl list-sockets "sshd-vsock*" (systemd 256 and later listen on port 22 by themselves)',
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
    codes: ['EAFNOSUPPORT', 'EPROTONOSUPPORT', 'ESOCKTNOSUPPORT'],
    problem: 'this kernel has no vsock, or a sandbox hides it',
    hint: 'modprobe vsock; the kernel needs CONFIG_VSOCKETS; in a service see RestrictAddressFamilies=',
  },
  {
    codes: ['EACCES', 'EPERM'],
    problem: 'the system does not let this program use vsock',
    hint: 'a sandbox (seccomp, AppArmor, SELinux) blocks it: see its log',
  },
  {
    codes: ['EINVAL'],
    problem: 'the kernel rejects the address {address}',
    hint: 'CIDs are 0 to 4294967294; 4294967295 means any',
  },
  {
    codes: ['EADDRNOTAVAIL'],
    problem: 'no free vsock port to connect from',
    hint: 'see what uses them: ss --vsock',
  },
  {
    codes: ['EPIPE', 'ENOTCONN', 'EPROTO'],
    problem: 'the machine went away while connecting',
    hint: 'check that it is still running; use --wait while it boots',
  },
  ...exhausted,
];
