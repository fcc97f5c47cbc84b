import { basename, join } from 'node:path';
import type { Io } from '../../cli/command.js';
import { configFolder } from '../../discovery/config-folder.js';
import { printable } from '../../errors.js';
import { signed } from '../../ssh/config/file.js';

/** The units that are enabled; they start the service. */
export const enabledUnits = ['vmssh-hosts.path', 'vmssh-hosts.timer'] as const;
export const unitNames = ['vmssh-hosts.service', ...enabledUnits] as const;

/** What of the environment leads to machines: a user's systemd has its own PATH. */
const variables = [
  ...['PATH', 'LIMA_HOME', 'INCUS_CONF', 'INCUS_DIR', 'INCUS_SOCKET', 'LXD_DIR'],
  ...['DOCKER_HOST', 'DOCKER_CONFIG', 'DOCKER_CONTEXT', 'CONTAINER_HOST'],
];

/** Where machines leave traces when they come and go (systemd.unit(5): %t is the runtime folder, %h the home). */
const folders = [
  ...['/run/systemd/machines', '%t/systemd/machines', '/run/systemd/nspawn', '%t/systemd/nspawn'],
  // Of Podman's containers: crun's and runc's; those of root cannot be watched by a user, nor Docker's.
  ...['%t/crun', '%t/runc'],
  ...['/run/libvirt/qemu', '/etc/libvirt/qemu', '%t/libvirt/qemu/run', '%h/.config/libvirt/qemu'],
];

/**
 * The units for a user's systemd, by name, signed like the file for ssh. A folder that changes starts the service; the
 * timer is for machines that leave no trace. Throws a RangeError if a path is not possible in a unit.
 */
export function unitTexts(
  program: readonly string[],
  env: Io['env'],
): Readonly<Record<(typeof unitNames)[number], string>> {
  const set = variables.flatMap((name) => (env[name] ? [`Environment=${word(`${name}=${env[name]}`)}`] : []));
  const lima = env.LIMA_HOME ? path(env.LIMA_HOME) : '%h/.lima';
  return {
    'vmssh-hosts.service': unit([
      '[Unit]',
      'Description=Hosts of vmssh in the configuration of ssh',
      // A burst of changes must not end in a failed unit.
      'StartLimitIntervalSec=0',
      '',
      '[Service]',
      'Type=oneshot',
      ...set,
      // One run for all changes of a moment, when a machine has all of its files.
      'ExecStartPre=sleep 2',
      `ExecStart=${start([...program, 'config', 'refresh'])}`,
      'TimeoutStartSec=60',
      'Nice=10',
    ]),
    'vmssh-hosts.path': unit([
      '[Unit]',
      'Description=Machines that come and go, for the Hosts of vmssh',
      '',
      '[Path]',
      ...[...folders, lima].map((folder) => `PathChanged=${folder}`),
      '',
      '[Install]',
      'WantedBy=paths.target',
    ]),
    'vmssh-hosts.timer': unit([
      '[Unit]',
      'Description=Machines that leave no trace in a folder, for the Hosts of vmssh',
      '',
      '[Timer]',
      'OnStartupSec=30',
      'OnUnitInactiveSec=5min',
      'AccuracySec=1min',
      '',
      '[Install]',
      'WantedBy=timers.target',
    ]),
  };
}

// systemd takes no path with special characters for a program, but does for its arguments; ":" leaves "$" as it is
// (systemd.service(5)).
function start(command: readonly string[]): string {
  const words = command.map(word).join(' ');
  return words.includes('"') ? `:/bin/sh -c 'exec "$0" "$@"' ${words}` : words;
}

/** The folder of a user's own units. */
export function unitFolder(env: Io['env'], home: string): string {
  return join(configFolder(env, home), 'systemd/user');
}

/** Whether a path is one of our units. */
export function isUnit(path: string): boolean {
  return unitNames.some((name) => name === basename(path));
}

function unit(lines: readonly string[]): string {
  return signed(`${lines.join('\n')}\n`);
}

/** A word of a unit's line (systemd.syntax(7)). */
function word(text: string): string {
  const plain = checked(text).replaceAll('%', '%%');
  return /^[\w@+=:,./%-]+$/.test(plain) ? plain : `"${plain.replaceAll(/["\\]/g, (c) => `\\${c}`)}"`;
}

function path(text: string): string {
  return checked(text).replaceAll('%', '%%');
}

function checked(text: string): string {
  if (!/\p{Cc}/u.test(text)) return text;
  throw new RangeError(`text with control characters cannot be written to a unit: ${printable(text)}`);
}
