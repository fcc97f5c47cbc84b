import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { loopbackHost } from '../../address/host-name.js';
import type { Io } from '../../cli/command.js';
import { isLoopbackPort } from '../../ssh/loopback.js';
import { serviceOf, unitText } from '../units/text.js';

export const loopbackUnits = ['vmssh-loopback@.socket', 'vmssh-loopback@.service'] as const;

/** Seconds without a connection after which the service of a port ends. */
const idleSeconds = 60;

/**
 * The units for a user's systemd, by name: a template with an instance for each port. One socket unit with all ports could not follow the
 * machines: systemd starts no socket while its service runs. Throws a RangeError if a path is not possible in a unit.
 */
export function loopbackUnitTexts(
  program: readonly string[],
  env: Io['env'],
): Readonly<Record<(typeof loopbackUnits)[number], string>> {
  return {
    'vmssh-loopback@.socket': unitText([
      '[Unit]',
      'Description=Loopback port %i of a machine, by vmssh',
      '',
      '[Socket]',
      `ListenStream=${loopbackHost}:%i`,
      '',
      '[Install]',
      'WantedBy=sockets.target',
    ]),
    'vmssh-loopback@.service': unitText([
      '[Unit]',
      'Description=Loopback port %i of a machine, by vmssh',
      '',
      '[Service]',
      ...serviceOf([...program, 'forward', '--idle', `${idleSeconds}`, '--all', 'systemd'], env),
    ]),
  };
}

/** The units of a port: its socket, and the service that runs while it has connections. */
export function unitsOf(port: number): { readonly socket: string; readonly service: string } {
  return { socket: `vmssh-loopback@${port}.socket`, service: `vmssh-loopback@${port}.service` };
}

/** Where systemd looks for the sockets that are enabled, in a user's folder of units. */
export const socketLinks = 'sockets.target.wants';

/** The ports whose sockets are enabled. */
export async function enabledPorts(folder: string): Promise<readonly number[]> {
  const names = await readdir(join(folder, socketLinks)).catch(() => []);
  return names
    .map((name) => Number(/^vmssh-loopback@(\d+)\.socket$/.exec(name)?.[1]))
    .filter(isLoopbackPort)
    .toSorted((a, b) => a - b);
}
