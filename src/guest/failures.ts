import { controlPathFix } from '../ssh/control-path.js';

/** A known failure of sshd on vsock, by its name in `guest check` and `doctor`. */
export interface GuestFailure {
  /** The number in docs/guest.md. */
  readonly number: number;
  readonly title: string;
  /** The fix, for when the guest itself was not checked and printed none. */
  readonly fix: string;
}

export const guestFailures = {
  'address-form': {
    number: 1,
    title: 'the socket unit has an address that its systemd does not support (bad-setting)',
    fix: 'in the guest: ListenStream=vsock::PORT, never vsock://any:PORT below systemd 256',
  },
  accept: {
    number: 2,
    title: 'Accept=yes is missing, or the socket and its service template have different names',
    fix: 'in the guest: Accept=yes in NAME.socket, and a NAME@.service beside it',
  },
  privsep: {
    number: 3,
    title: "sshd's privilege separation folder is missing",
    fix: 'in the guest: RuntimeDirectory=sshd and RuntimeDirectoryPreserve=yes in the service template',
  },
  'name-lookup': {
    number: 4,
    title: 'each login waits for a lookup of the name UNKNOWN',
    fix: "in the guest: echo '127.0.0.1 UNKNOWN' >> /etc/hosts",
  },
  transport: {
    number: 5,
    title: 'the guest has no vsock device, or its driver is not loaded',
    fix: 'in the guest: modprobe vmw_vsock_virtio_transport (VirtIO), vmw_vsock_vmci_transport (VMware) or hv_sock (Hyper-V); vsock_loopback for CID 1',
  },
  systemd: {
    number: 6,
    title: 'systemd is not PID 1',
    fix: 'WSL2: [boot] systemd=true in /etc/wsl.conf, then wsl --shutdown',
  },
  sshd: { number: 7, title: 'there is no sshd', fix: 'in the guest: install openssh-server' },
  masked: {
    number: 8,
    title: 'the socket is masked, or systemd.ssh_auto=no keeps it from being made',
    fix: 'in the guest: systemctl unmask sshd-vsock.socket (sshd-vsock-PORT.socket for a port other than 22); remove systemd.ssh_auto= from the kernel command line',
  },
  'hyper-v-cid': {
    number: 9,
    title: 'systemd from 258.3 on may make no socket on Hyper-V',
    fix: 'vmssh guest script writes the units; or systemd.ssh_listen=vsock::22 on the kernel command line',
  },
  'host-keys': { number: 10, title: 'sshd has no host keys', fix: 'in the guest: ssh-keygen -A' },
  login: {
    number: 11,
    title: 'sshd answers, but refuses the login',
    fix: 'check the account, its keys and PermitRootLogin in the guest; vmssh guest script --key FILE adds a key',
  },
  'service-guid': {
    number: 12,
    title: 'the port is not registered as a Hyper-V service',
    fix: 'on Windows, in an elevated terminal: vmssh service register PORT',
  },
  'cid-twice': {
    number: 13,
    title: 'two running machines have the same CID',
    fix: 'give one of them another CID (guest-cid=N; libvirt: <cid auto="yes"/>)',
  },
  'control-path': {
    number: 14,
    title: "ssh's ControlPath contains the target's name, and so a slash",
    fix: controlPathFix,
  },
  credentials: {
    number: 15,
    title: 'the machine did not take the keys of vmssh guest credentials',
    fix: 'vmssh guest check in the guest says why; vmssh guest credentials --undo NAME trusts the guest as it is',
  },
  denied: {
    number: 16,
    title: 'SELinux or AppArmor denies sshd its socket',
    fix: 'in the guest: a newer selinux-policy; ausearch -m AVC -c sshd shows the denials',
  },
  listening: {
    number: 0,
    title: 'nothing listens on that port in the guest',
    fix: 'vmssh guest install, or vmssh guest script in the guest',
  },
} as const satisfies Readonly<Record<string, GuestFailure>>;

export type FailureName = keyof typeof guestFailures;
