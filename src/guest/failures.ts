import type { ConnectError } from '../base/errors.js';
import { controlPathFix } from '../ssh/control-path.js';
import { type Endpoint, usesVsock } from '../typed/route.js';

/** How a failure in the guest looks from this host, by the error of the connection. */
export const symptoms = {
  /** The machine's kernel or a multiplexer refused. */
  refused: { op: 'connect', codes: ['ECONNRESET', 'ECONNREFUSED', 'EOF', 'EPIPE', 'WSAECONNREFUSED'] },
  /** Nothing answered at that address. */
  absent: { op: 'connect', codes: ['ENODEV', 'ETIMEDOUT', 'EHOSTUNREACH', 'ENETUNREACH', 'WSAETIMEDOUT'] },
  closed: { op: 'handshake', codes: ['NO_BANNER'], reason: 'closed' },
  silent: { op: 'handshake', codes: ['NO_BANNER'], reason: 'silent' },
} as const;

export type Symptom = keyof typeof symptoms;

/** A known failure of sshd in a guest, by its name in `guest check` (which sh/check/ looks for) and `check`. */
export interface GuestFailure {
  /** The row in docs/reference/guest-failures.md; 0: it is named below that table. */
  readonly number: number;
  readonly title: string;
  /** The fix, for when the guest itself was not checked and printed none. */
  readonly fix: string;
  /** What it may look like from this host; absent: only a check from inside finds it, or it is certain from here. */
  readonly seenAs?: readonly Symptom[];
  readonly onlyVsock?: true;
}

/** Failures with the same symptom: the likeliest first. */
export const guestFailures = {
  privsep: {
    number: 3,
    title: "sshd's privilege separation folder is missing",
    fix: 'write RuntimeDirectory=sshd and RuntimeDirectoryPreserve=yes in the service template in the guest',
    seenAs: ['closed'],
  },
  accept: {
    number: 2,
    title: 'Accept=yes is missing, or the socket and its service template have different names',
    fix: 'give the socket unit in the guest Accept=yes, and a service template with its name and @ beside it',
    seenAs: ['closed', 'silent'],
  },
  'host-keys': {
    number: 10,
    title: 'sshd has no host keys, or does not accept one',
    fix: 'in the guest, as root: chmod 600 /etc/ssh/ssh_host_*_key; ssh-keygen -A',
    seenAs: ['closed'],
  },
  denied: {
    number: 16,
    title: 'SELinux or AppArmor denies sshd its socket',
    fix: 'install a newer selinux-policy in the guest; to see the denials there: ausearch -m AVC -c sshd',
    seenAs: ['closed'],
    onlyVsock: true,
  },
  listening: {
    number: 0,
    title: 'nothing listens on that port in the guest',
    fix: 'set it up by vmssh guest install, or in the guest by the script of vmssh guest print',
    seenAs: ['refused', 'closed'],
    onlyVsock: true,
  },
  'address-form': {
    number: 1,
    title: 'the socket unit has an address that its systemd does not support (bad-setting)',
    fix: 'write ListenStream=vsock::22 in its unit in the guest, never vsock://any:22',
    seenAs: ['refused'],
    onlyVsock: true,
  },
  masked: {
    number: 8,
    title: 'the socket is masked, or systemd.ssh_auto=no keeps it from being made',
    fix: 'unmask sshd-vsock.socket in the guest, for a port other than 22 sshd-vsock-PORT.socket, and remove systemd.ssh_auto= from its kernel command line',
    seenAs: ['refused'],
    onlyVsock: true,
  },
  sshd: {
    number: 7,
    title: 'there is no sshd',
    fix: 'install openssh-server in the guest',
    seenAs: ['refused'],
  },
  systemd: {
    number: 6,
    title: 'systemd is not PID 1',
    fix: 'in WSL2 write systemd=true below [boot] in /etc/wsl.conf, then in Windows: wsl --shutdown',
    seenAs: ['refused'],
    onlyVsock: true,
  },
  'hyper-v-cid': {
    number: 9,
    title: 'systemd from 258.3 on may make no socket on Hyper-V',
    fix: 'write its units by the script of vmssh guest print, or put systemd.ssh_listen=vsock::22 on its kernel command line',
    seenAs: ['refused'],
    onlyVsock: true,
  },
  transport: {
    number: 5,
    title: 'the guest has no vsock device, or its driver is not loaded',
    fix: 'load it in the guest, as root, for VMware vmw_vsock_vmci_transport, for Hyper-V hv_sock, for CID 1 vsock_loopback, for others: modprobe vmw_vsock_virtio_transport',
    seenAs: ['refused', 'absent'],
    onlyVsock: true,
  },
  'name-lookup': {
    number: 4,
    title: 'each login waits for a lookup of the name UNKNOWN',
    fix: "in the guest, as root: echo '127.0.0.1 UNKNOWN' >> /etc/hosts",
  },
  login: {
    number: 11,
    title: 'sshd answers, but refuses the login',
    fix: 'let your key in by vmssh setup: its manager goes in, or the password of --user does (docs/setup.md); else check the account, its keys and PermitRootLogin in the guest: the script of vmssh guest print can add a key',
  },
  'service-guid': {
    number: 12,
    title: 'the port is not registered as a Hyper-V service',
    fix: 'in an elevated terminal: vmssh service register PORT',
  },
  'cid-twice': {
    number: 13,
    title: 'two running machines have the same CID',
    fix: 'give one of them another CID (guest-cid=N; libvirt: <cid auto="yes"/>) and start it again',
  },
  'control-path': {
    number: 14,
    title:
      "ssh cannot use its ControlPath: the target's slash is in it, it is too long, or its folder is missing",
    fix: controlPathFix,
  },
  credentials: {
    number: 15,
    title: 'the machine did not accept the keys of vmssh guest credentials',
    fix: 'run vmssh guest check in the guest to see why, or undo its keys, by vmssh guest credentials --undo and its name, to trust it as it is',
  },
  disk: {
    number: 17,
    title: 'a disk of the guest is full, or its /etc is read-only',
    fix: 'make room in the guest (df -h shows where), or mount it again as root: mount -o remount,rw /',
  },
  'sshd-config': {
    number: 0,
    title: 'sshd -t does not accept the configuration',
    fix: 'in the guest, as root, sshd -t names the line',
  },
  banner: {
    number: 0,
    title: 'the port is open in the guest, but sends no banner',
    fix: 'the journal of its service in the guest has the reason',
  },
  account: {
    number: 0,
    title: 'the home of the account is missing there, or closed',
    fix: 'make the home of the account in the guest as root, or open it there by homectl',
  },
  machine: {
    number: 0,
    title: 'its guest agent, or the exec of its source, leads to another machine',
    fix: 'give each agent a socket of its own: virsh edit',
  },
} as const satisfies Readonly<Record<string, GuestFailure>>;

export type FailureName = keyof typeof guestFailures;

/** Possible causes of a failed connection over `family`, likeliest first; none if the error is clear. */
export function suspects(error: ConnectError, family?: Endpoint['family']): readonly FailureName[] {
  const symptom = symptomOf(error);
  if (symptom === undefined) return [];
  const rows = Object.entries(guestFailures) as [FailureName, GuestFailure][];
  return rows
    .filter(([, { seenAs, onlyVsock }]) => seenAs?.includes(symptom) && (!onlyVsock || usesVsock(family)))
    .map(([name]) => name);
}

function symptomOf({ op, code, reason }: ConnectError): Symptom | undefined {
  const names = Object.keys(symptoms) as Symptom[];
  return names.find((name) => {
    const symptom: { op: string; codes: readonly string[]; reason?: string } = symptoms[name];
    return symptom.op === op && symptom.codes.includes(code) && (symptom.reason ?? reason) === reason;
  });
}
