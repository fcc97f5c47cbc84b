import { brokenShellProblem, howToGet, sshVersion } from '../../process/ssh-program.js';
import { isCompiled } from '../../runtime.js';
import type { AllMachines } from '../../sources/list-all.js';
import type { OutsideLines } from '../../sources/outside/file.js';
import { isFailure, isQuiet } from '../../sources/provider.js';
import { allowed, type HostCheck, plain, withReport } from './check.js';
import { clientChecks } from './clients.js';
import { configChecks } from './config.js';
import { exposedChecks } from './exposed.js';
import type { Facts } from './facts.js';
import { freshChecks } from './fresh.js';
import { pathChecks, programChecks } from './path.js';
import { windowsChecks } from './windows.js';

export function hostChecks(facts: Facts): readonly HostCheck[] {
  const linux = facts.system.platform === 'linux';
  return [
    ssh(facts),
    ...shell(facts),
    ...pathChecks(facts.openFolders, facts.system),
    ...programChecks(facts.openPrograms, facts.system),
    addon(facts),
    ...(linux ? [fdPassing(facts), vsock(facts), vhost(facts), kvm(facts)] : []),
    ...(facts.windows ? windowsChecks(facts.windows) : []),
    ...providers(facts),
    ...outsideChecks(facts),
    ...exposedChecks(facts.exposed),
    ...configChecks(facts.config, facts.ssh),
    ...freshChecks(facts.fresh),
    ...clientChecks(facts.clients ?? [], facts.config),
  ];
}

function ssh({ ssh: { version }, system: { platform } }: Facts): HostCheck {
  const name = 'ssh';
  if (version === undefined)
    return plain(name, 'bad', 'there is no ssh in PATH', howToGet('ssh', platform) ?? '');
  // accept-new came with 7.6 (https://www.openssh.com/txt/release-7.6).
  const fix = 'install OpenSSH 7.6 or later: older ones have no StrictHostKeyChecking accept-new';
  const old = (sshVersion(version) ?? 0) < 706;
  return withReport(name, old ? 'bad' : 'ok', version, allowed.ssh(version), old ? fix : undefined);
}

function shell({ brokenShell }: Facts): readonly HostCheck[] {
  if (brokenShell === undefined) return [];
  const [found, report] = [brokenShellProblem(brokenShell), 'SHELL starts no program'];
  return [withReport('SHELL', 'bad', found, report, 'export SHELL=/bin/sh')];
}

function addon({ addon: { addon, ...rest }, system: { platform }, borrowed }: Facts): HostCheck {
  const name = 'addon';
  if (addon) return plain(name, 'ok', isCompiled ? 'it is in this program' : 'node-hvsock-native is loaded');
  if (platform === 'darwin') return plain(name, 'none', 'there is none for macOS: bytes are relayed by Node');
  const found = 'missing' in rest ? rest.missing.message : 'it is missing';
  const fix =
    platform === 'win32'
      ? 'install it again: npm install vmssh'
      : 'install vmssh again by npm, or build it in a checkout: apt-get install g++ && npm run build';
  if (borrowed) {
    const instead = `${borrowed.tool.name} is borrowed for vsock; vmssh forward and fd passing need the addon`;
    return withReport(name, 'none', `${found}; ${instead}`, 'not loaded', fix);
  }
  return withReport(name, 'bad', found, 'it cannot be loaded', fix);
}

function fdPassing({ addon: { addon }, config: { owner, passes } }: Facts): HostCheck {
  const name = 'fd passing';
  if (addon && owner === 'ours' && passes === false)
    return plain(name, 'none', 'the Hosts relay: config install --fdpass passes sockets to ssh');
  return addon
    ? plain(name, 'ok', `sockets are passed to ssh; ${takeNone}`)
    : plain(name, 'none', 'needs the addon; bytes are relayed instead');
}

// Each starts the proxy with one socket, as ssh does, but speaks SSH over it; all others are noticed, and get a relay.
const takeNone =
  'libssh and WezTerm before 2024-09 take none (ssh2, net-ssh and paramiko get a relay): for them config install --no-fdpass, or for one Host "ProxyUseFdpass no" and a ProxyCommand without --fdpass';

function vsock({ devices, modules, addon: { addon }, borrowed }: Facts): HostCheck {
  const name = 'vsock';
  if (devices['/dev/vsock'] === 'absent' && !modules.includes('vsock'))
    return plain(name, 'bad', 'this kernel has no AF_VSOCK loaded', 'sudo modprobe vsock');
  if (addon) return plain(name, 'ok', 'AF_VSOCK is available');
  if (borrowed) {
    const by = (program: string) => `AF_VSOCK is available, and without the addon ${program} opens it`;
    return withReport(name, 'ok', by(borrowed.path), by(borrowed.tool.name));
  }
  const lacking = 'AF_VSOCK is available, but needs the addon, or python3 or socat in PATH';
  return plain(name, 'none', lacking, 'sudo apt-get install python3');
}

function vhost({ devices: { '/dev/vhost-vsock': device }, modules }: Facts): HostCheck {
  const name = 'vhost_vsock';
  if (device === 'ok') return plain(name, 'ok', 'virtual machines can have vsock devices');
  if (device === 'closed')
    return plain(name, 'none', 'this user cannot use /dev/vhost-vsock; libvirt and root can');
  if (modules.includes(name))
    return plain(name, 'none', 'the module is loaded, without a device here: a container?');
  const absent =
    'not loaded: VMs on this host cannot have a kernel vsock device; vhost-user devices and multiplexers do not need it';
  return plain(name, 'none', absent, 'sudo modprobe vhost_vsock');
}

function kvm({ devices }: Facts): HostCheck {
  const name = 'kvm';
  const state = devices['/dev/kvm'];
  const join = 'join the group kvm, then log in again: sudo usermod -aG kvm "$USER"';
  if (state === 'ok') return plain(name, 'ok', '/dev/kvm can be used');
  if (state === 'closed') return plain(name, 'none', 'this user cannot use /dev/kvm', join);
  return plain(name, 'none', 'no /dev/kvm: virtual machines run slowly here, or elsewhere');
}

function providers({ providers: names, machines: { machines, warnings } }: Facts): readonly HostCheck[] {
  return names.flatMap((name): HostCheck[] => {
    const own = warnings.filter(({ provider }) => provider === name);
    const failures = own.filter((each) => isFailure(each) && !isQuiet(each));
    const failed = failures.map((each) => {
      const report = `could not be asked (${allowed.code(each.code)})`;
      return withReport(name, 'bad', withCode(each), report, fixes[name]);
    });
    if (failed.length > 0) return failed;
    const { count, text: report } = counted(name, machines);
    const found = [report, ...own.map(withCode)].join('; ');
    if (count > 0) return [{ name, state: 'ok', found, report }];
    if (own.length === 0) return [{ name, state: 'none', found, report, fold: 'no machines' }];
    if (!own.every((each) => isQuiet(each))) return [{ name, state: 'none', found, report }];
    const fold = 'not open to this user';
    return [{ name, state: 'none', found: own.map(({ problem }) => problem).join('; '), report: fold, fold }];
  });
}

const noLines: OutsideLines = { lines: [], problems: [] };

/** The sources of the user and of root: in a report none is named. */
function outsideChecks({ outside: { lines, problems } = noLines, machines }: Facts): readonly HostCheck[] {
  const name = 'own sources';
  const files = problems.map((each) => {
    const report = `a file cannot be used (${allowed.code(each.code)})`;
    return withReport(
      name,
      'bad',
      `${each.file}: ${withCode(each)}`,
      report,
      `correct ${each.file}: docs/sources.md`,
    );
  });
  const each = lines.map((line) => {
    const failure = machines.warnings.find(({ provider }) => provider === line.name);
    const { text: listed } = counted(line.name, machines.machines);
    if (!failure) return withReport(name, 'ok', `${line.name}: ${listed} by ${line.command[0]}`, listed);
    const report = `${listed}; a warning (${allowed.code(failure.code)})`;
    const found = `${line.name}: ${listed}; ${withCode(failure)}`;
    return withReport(name, 'bad', found, report, `vmssh check ${line.name}`);
  });
  return [...files, ...each];
}

function withCode({ problem, code }: { readonly problem: string; readonly code: string }): string {
  return `${problem} (${code})`;
}

/** How many machines a provider has. */
function counted(name: string, machines: AllMachines['machines']) {
  const count = machines.filter(({ provider }) => provider === name).length;
  return { count, text: `${count} ${count === 1 ? 'machine' : 'machines'}` };
}

const fixes: Readonly<Record<string, string | undefined>> = {
  libvirt:
    'install virsh and join the group libvirt, then log in again: sudo apt-get install libvirt-clients && sudo usermod -aG libvirt "$USER"',
  machined: 'systemctl status systemd-machined',
  wsl: 'wsl --shutdown, which ends its distributions',
};
