/** @import { Suite, SuiteFacts } from '../types.js' */

// The guests there are: a Debian suite each, for the systemd it carries.
const packages = [
  ...['systemd', 'systemd-sysv', 'systemd-container', 'udev', 'dbus', 'libpam-systemd', 'kmod'],
  ...['openssh-server', 'openssh-client', 'socat', 'rsync'],
  ...['iproute2', 'procps', 'strace', 'busybox-static'],
];

const withoutSystemd = [
  ...['sysvinit-core', 'systemd-standalone-sysusers', 'kmod', 'openssh-server', 'openssh-client', 'socat'],
  ...['iproute2', 'procps', 'busybox-static', 'rsync'],
];

const selinux = ['selinux-policy-default', 'policycoreutils', 'auditd'];

const hypervisors = [
  ...['qemu-system-x86', 'libvirt-daemon-system', 'libvirt-clients', 'python3-minimal'],
  ...[
    'mkosi',
    'vagrant',
    'vagrant-libvirt',
    'qemu-utils',
    'genisoimage',
    'dnsmasq-base',
    'nftables',
    'incus',
    'ovmf',
    'qemu-system-modules-spice',
    'qemu-guest-agent',
  ],
];

const containers = [
  ...['podman', 'crun', 'uidmap', 'dbus-user-session', 'fuse-overlayfs', 'passt'],
  ...['docker.io', 'docker-cli', 'iptables', 'runsc', 'git', 'kubernetes-client', 'lxc', 'jq'],
  // For podman machine.
  ...['gvproxy', 'qemu-system-x86', 'qemu-utils', 'extlinux'],
];

// Its own node is 18: it gets the program that runs this.
const bookworm = {
  systemd: 252,
  packages: [...packages, 'sudo', 'apparmor', 'python3-minimal', 'ncat'],
  servesVsock: false,
  needsNode: true,
};

const debian13 = { debian: 'trixie', systemd: 0, servesVsock: false, withoutNode: true };

/** @type {Readonly<Record<Suite, SuiteFacts>>} */
export const suites = {
  // SELinux is only on if it is booted with security=selinux.
  trixie: {
    systemd: 257,
    packages: [...packages, 'nodejs', 'git', 'sshfs', 'virtme-ng', ...selinux],
    servesVsock: true,
  },
  // A mirror may be frozen: then sid's Release file is past its date (its signature is still checked).
  sid: { systemd: 262, packages: [...packages, 'nodejs'], servesVsock: true, acceptOutdated: true },
  bookworm,
  // A host of virtual machines, with what second-level.sh makes their systems of.
  hypervisor: {
    debian: 'trixie',
    systemd: 257,
    packages: [...packages, 'nodejs', ...hypervisors, 'dropbear-bin', 'zstd'],
    servesVsock: true,
  },
  // The same, newer: each network of its kernel may have vsock CIDs of its own.
  'hypervisor-sid': {
    debian: 'sid',
    systemd: 262,
    packages: [
      ...[...packages, 'nodejs', 'qemu-system-x86', 'libvirt-daemon-system', 'libvirt-clients'],
      ...['qemu-guest-agent', 'dropbear-bin', 'zstd'],
    ],
    servesVsock: true,
    acceptOutdated: true,
    isRare: true,
  },
  // Podman and Docker, with gVisor as a runtime. Their containers are made of the guest's own files: there is no registry.
  containers: {
    debian: 'trixie',
    systemd: 257,
    packages: [...packages, 'nodejs', ...containers],
    servesVsock: true,
  },
  // LXD, which later suites do not have: bookworm with it, and what its virtual machines need.
  lxd: {
    ...{ ...bookworm, debian: 'bookworm' },
    packages: [
      ...bookworm.packages,
      'lxd',
      'lxd-agent',
      'qemu-system-x86',
      'qemu-utils',
      'ovmf',
      'genisoimage',
    ],
  },
  // What a person has on a desktop: quickemu, and GNOME Boxes with a screen that nobody sees.
  desktop: {
    ...{ debian: 'trixie', systemd: 257, servesVsock: true, isRare: true },
    packages: [
      ...[...packages, 'nodejs', 'quickemu', 'gnome-boxes', 'libvirt-clients', 'qemu-system-modules-spice'],
      ...['xvfb', 'at-spi2-core', 'gir1.2-atspi-2.0', 'python3-gi', 'dbus-user-session'],
      ...['extlinux', 'qemu-guest-agent', 'dropbear-bin', 'zstd'],
    ],
  },
  // Debian without systemd, by both of its sets of scripts.
  sysvinit: { ...debian13, packages: [...withoutSystemd, 'sysv-rc'], init: 'sysvinit' },
  openrc: { ...debian13, packages: [...withoutSystemd, 'openrc'], init: 'sysvinit' },
};

export const suiteNames = /** @type {Suite[]} */ (Object.keys(suites));

/** @param {string} name */
export function suiteNamed(name) {
  const suite = suiteNames.find((each) => each === name);
  if (!suite) throw new Error(`no guest suite ${JSON.stringify(name)}: there are ${suiteNames.join(', ')}`);
  return suites[suite];
}
