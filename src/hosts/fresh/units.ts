import type { Io } from '../../cli/command.js';
import { serviceOf, unitPath, unitText } from '../units/text.js';

/** The units that are enabled; they start the service. */
export const enabledUnits = ['vmssh-hosts.path', 'vmssh-hosts.timer'] as const;
export const freshUnits = ['vmssh-hosts.service', ...enabledUnits] as const;

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
export function freshUnitTexts(
  program: readonly string[],
  env: Io['env'],
): Readonly<Record<(typeof freshUnits)[number], string>> {
  const lima = env.LIMA_HOME ? unitPath(env.LIMA_HOME) : '%h/.lima';
  return {
    'vmssh-hosts.service': unitText([
      '[Unit]',
      'Description=Hosts of vmssh in the configuration of ssh',
      // A burst of changes must not end in a failed unit.
      'StartLimitIntervalSec=0',
      '',
      '[Service]',
      'Type=oneshot',
      // One run for all changes of a moment, when a machine has all of its files.
      'ExecStartPre=sleep 2',
      ...serviceOf([...program, 'config', 'refresh'], env),
      'TimeoutStartSec=60',
      'Nice=10',
    ]),
    'vmssh-hosts.path': unitText([
      '[Unit]',
      'Description=Machines that come and go, for the Hosts of vmssh',
      '',
      '[Path]',
      ...[...folders, lima].map((folder) => `PathChanged=${folder}`),
      '',
      '[Install]',
      'WantedBy=paths.target',
    ]),
    'vmssh-hosts.timer': unitText([
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
