import type { Facts } from './doctor-facts.js';
import type { HostCheck } from './doctor-host-check.js';
import { windowsChecks } from './doctor-windows.js';

/** What the facts mean. */
export function hostChecks(facts: Facts): readonly HostCheck[] {
  const linux = facts.system.platform === 'linux';
  return [
    ssh(facts),
    addon(facts),
    ...(linux ? [fdPassing(facts), vsock(facts), vhost(facts), kvm(facts)] : []),
    ...(facts.windows ? windowsChecks(facts.windows) : []),
    ...providers(facts),
    ownFile(facts),
    include(facts),
    effective(facts),
  ];
}

function ssh({ ssh: { version }, system: { platform } }: Facts): HostCheck {
  const name = 'ssh';
  if (version === undefined)
    return {
      name,
      state: 'bad',
      found: 'there is no ssh in PATH',
      cure:
        platform === 'win32'
          ? 'in an elevated PowerShell: Add-WindowsCapability -Online -Name OpenSSH.Client~~~~0.0.1.0'
          : 'apt-get install openssh-client',
    };
  const [, major = '0', minor = '0'] = /OpenSSH\D*(\d+)\.(\d+)/.exec(version) ?? [];
  // accept-new came with 7.6 (https://www.openssh.com/txt/release-7.6).
  const old = Number(major) * 100 + Number(minor) < 706;
  if (old)
    return {
      name,
      state: 'bad',
      found: version,
      cure: 'OpenSSH 7.6 or later knows StrictHostKeyChecking accept-new',
    };
  return { name, state: 'ok', found: version };
}

function addon({ addon: { addon, ...rest }, system: { platform } }: Facts): HostCheck {
  const name = 'addon';
  if (addon) return { name, state: 'ok', found: 'node-hvsock-native is loaded' };
  const found = 'missing' in rest ? rest.missing.message : 'it is missing';
  const cure =
    platform === 'win32'
      ? 'npm install vmssh again'
      : 'npm install vmssh again; in a checkout: apt-get install g++ && npm run build';
  return { name, state: 'bad', found, cure };
}

function fdPassing({ addon: { addon } }: Facts): HostCheck {
  const name = 'fd passing';
  return addon
    ? { name, state: 'ok', found: 'sockets are handed to ssh' }
    : { name, state: 'none', found: 'not without the addon: bytes are relayed' };
}

function vsock({ devices, modules, addon: { addon } }: Facts): HostCheck {
  const name = 'vsock';
  if (devices['/dev/vsock'] === 'absent' && !modules.includes('vsock'))
    return { name, state: 'bad', found: 'this kernel has no AF_VSOCK loaded', cure: 'sudo modprobe vsock' };
  return {
    name,
    state: addon ? 'ok' : 'none',
    found: addon ? 'AF_VSOCK is there' : 'AF_VSOCK is there, and waits for the addon',
  };
}

function vhost({ devices, modules }: Facts): HostCheck {
  const name = 'vhost_vsock';
  if (devices['/dev/vhost-vsock'] === 'ok')
    return { name, state: 'ok', found: 'virtual machines can have vsock devices' };
  if (devices['/dev/vhost-vsock'] === 'closed')
    return {
      name,
      state: 'none',
      found: '/dev/vhost-vsock is there, not for this user: libvirt and root can use it',
    };
  if (modules.includes('vhost_vsock'))
    return { name, state: 'none', found: 'the module is loaded, without a device here: a container?' };
  return {
    name,
    state: 'none',
    found:
      'not loaded: virtual machines of this kernel get no vsock device; vhost-user devices and multiplexers do without',
    cure: 'sudo modprobe vhost_vsock',
  };
}

function kvm({ devices }: Facts): HostCheck {
  const name = 'kvm';
  const state = devices['/dev/kvm'];
  if (state === 'ok') return { name, state: 'ok', found: '/dev/kvm can be used' };
  if (state === 'closed')
    return {
      name,
      state: 'none',
      found: '/dev/kvm is not for this user',
      cure: 'sudo usermod -aG kvm "$USER", and log in again',
    };
  return { name, state: 'none', found: 'no /dev/kvm: virtual machines run slowly here, or elsewhere' };
}

function providers({ providers: names, machines: { machines, warnings } }: Facts): readonly HostCheck[] {
  return names.flatMap((name): HostCheck[] => {
    const failures = warnings.filter(({ provider, code }) => provider === name && code !== 'CID_TWICE');
    const count = machines.filter(({ provider }) => provider === name).length;
    const failed = failures.map(({ problem, code }): HostCheck => {
      const cure = cures[name];
      return { name, state: 'bad', found: `${problem} (${code})`, ...(cure === undefined ? {} : { cure }) };
    });
    const found = `${count} ${count === 1 ? 'machine' : 'machines'}`;
    return failed.length > 0 ? failed : [{ name, state: count > 0 ? 'ok' : 'none', found }];
  });
}

const cures: Readonly<Record<string, string | undefined>> = {
  libvirt: 'apt-get install libvirt-clients; sudo usermod -aG libvirt "$USER", and log in again',
  incus: 'sudo usermod -aG incus "$USER" (for LXD: lxd), and log in again',
  machined: 'systemctl status systemd-machined',
};

function ownFile({ config: { owner, path, callsThis } }: Facts): HostCheck {
  const name = 'config';
  switch (owner) {
    case 'none':
      return {
        name,
        state: 'bad',
        found: 'vmssh is not in your ssh configuration',
        cure: 'vmssh config install',
      };
    case 'foreign':
    case 'edited':
      return {
        name,
        state: 'bad',
        found: `${path} is not as vmssh wrote it`,
        cure: `move it away, then vmssh config install`,
      };
    case 'ours':
      return callsThis
        ? { name, state: 'ok', found: `${path} calls this vmssh` }
        : { name, state: 'bad', found: `${path} calls another vmssh`, cure: 'vmssh config install' };
  }
}

function include({ config: { owner, include: where, mainPath } }: Facts): HostCheck {
  const name = 'Include';
  if (owner === 'none') return { name, state: 'none', found: 'nothing to include yet' };
  if (where === 'first') return { name, state: 'ok', found: `${mainPath} includes it above the first Host` };
  const found =
    where === 'late'
      ? 'it stands below a Host or Match, and so for that one alone'
      : `${mainPath} does not include it`;
  return { name, state: 'bad', found, cure: 'vmssh config install' };
}

// What counts in the end: the first ProxyCommand that ssh meets.
function effective({ ssh: { version, proxyCommand }, config: { owner } }: Facts): HostCheck {
  const name = 'ssh vsock/3';
  if (version === undefined) return { name, state: 'none', found: 'no ssh to ask' };
  if (proxyCommand === undefined)
    return {
      name,
      state: owner === 'none' ? 'none' : 'bad',
      found: 'ssh has no ProxyCommand for it',
      cure: 'vmssh config install',
    };
  if (/\bproxy (--fdpass )?(--wait\S* )?--typed /.test(proxyCommand))
    return { name, state: 'ok', found: 'ssh runs vmssh' };
  return {
    name,
    state: 'none',
    found: `ssh runs another program first: ${proxyCommand}`,
    cure: 'vmssh config install puts ours above it',
  };
}
