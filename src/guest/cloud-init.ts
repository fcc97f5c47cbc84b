import type { NewEntry } from '../files/new-tree.js';
import { type ScriptOptions, setupScript } from './script.js';
import { generator, generatorPath, type Layout, stamp, unitFiles, unitName } from './units.js';

/** Where cloud-init puts the script: in memory, since it runs once. */
const scriptPath = '/run/vmssh-guest-setup.sh';

/** cloud-init user-data that sets a guest up at its first boot: sshd, the script, the keys of the default user if no account is named. */
export function userData(options: ScriptOptions): string {
  const keys = options.account === undefined ? (options.keys ?? []) : [];
  return `#cloud-config
# written by vmssh guest print
packages:
  - openssh-server
${keys.length === 0 ? '' : `ssh_authorized_keys:\n${keys.map((key) => `  - ${yamlString(key)}\n`).join('')}`}write_files:
  - path: ${scriptPath}
    permissions: '0700'
    content: |
${indented(setupScript(options), 6)}runcmd:
  - [sh, ${scriptPath}]
`;
}

/** cloud-init's NoCloud needs this second file, which may be empty. */
const metaData = 'instance-id: vmssh-guest\n';

/** A double-quoted YAML string: a JSON string, with what JSON leaves unescaped. */
export function yamlString(text: string): string {
  return JSON.stringify(text).replaceAll(
    /[\u007f-\uffff]/g,
    (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

function indented(text: string, columns: number): string {
  return text.replaceAll(/^(?=.)/gm, ' '.repeat(columns));
}

/** For an image: `user-data` and `meta-data` for virt-install --cloud-init, and `extra/` for mkosi --extra-tree. Paths are relative. */
export function imageTree(options: ScriptOptions, layout: Layout): readonly NewEntry[] {
  const units = options.generator
    ? [{ path: `extra${generatorPath}`, text: stamp(generator), mode: 0o755 }]
    : staticUnits(options.port, layout);
  return [
    { path: 'user-data', text: userData(options), mode: 0o600 },
    { path: 'meta-data', text: metaData, mode: 0o644 },
    ...units,
    ...(options.hostsFix ? hostsUnit() : []),
    ...(hasRootKeys(options) ? keyFiles(options.keys ?? []) : []),
  ];
}

function staticUnits(port: number, layout: Layout): readonly NewEntry[] {
  const units = unitFiles(port, layout).map(({ name, text }) => ({
    path: `${system}/${name}`,
    text,
    mode: 0o644,
  }));
  const socket = `${unitName(port)}.socket`;
  return [...units, { path: `${system}/sockets.target.wants/${socket}`, link: `../${socket}` }];
}

/** An image has no /etc/hosts yet, so this is added once, at boot. */
function hostsUnit(): readonly NewEntry[] {
  const text = stamp(`[Unit]
Description=The name UNKNOWN in /etc/hosts, which sshd gives a peer over vsock
DefaultDependencies=no
After=local-fs.target
Before=sockets.target

[Service]
Type=oneshot
ExecStart=/bin/sh -c "grep -qs UNKNOWN /etc/hosts || echo '127.0.0.1 UNKNOWN' >>/etc/hosts"

[Install]
WantedBy=sysinit.target
`);
  const name = 'vmssh-hosts.service';
  return [
    { path: `${system}/${name}`, text, mode: 0o644 },
    { path: `${system}/sysinit.target.wants/${name}`, link: `../${name}` },
  ];
}

/** Whether the keys, if there are any, are root's: the home of another account is not known before the guest runs. */
export function hasRootKeys({ account = 'root' }: ScriptOptions): boolean {
  return account === 'root';
}

function keyFiles(keys: readonly string[]): readonly NewEntry[] {
  if (keys.length === 0) return [];
  return [
    { path: 'extra/root', folderMode: 0o700 },
    { path: 'extra/root/.ssh', folderMode: 0o700 },
    { path: 'extra/root/.ssh/authorized_keys', text: `${keys.join('\n')}\n`, mode: 0o600 },
  ];
}

const system = 'extra/etc/systemd/system';
