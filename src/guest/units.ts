import { createHash } from 'node:crypto';
import { isSshPort } from '../typed/numbers.js';
import text from './sh/generator.sh';

/** Where a distribution has sshd, and what its unit needs. */
export interface Layout {
  readonly sshd: string;
  /** sshd's privilege separation folder. Under /run the unit has to make it. */
  readonly privsep: string;
  /** The unit that makes host keys; absent if the package made them. */
  readonly keyUnit?: string;
}

/** By distribution, as its OpenSSH package is built. */
export const layouts = {
  debian: { sshd: '/usr/sbin/sshd', privsep: '/run/sshd' },
  ubuntu: { sshd: '/usr/sbin/sshd', privsep: '/run/sshd' },
  fedora: { sshd: '/usr/sbin/sshd', privsep: '/usr/share/empty.sshd', keyUnit: 'sshd-keygen.target' },
  rhel: { sshd: '/usr/sbin/sshd', privsep: '/usr/share/empty.sshd', keyUnit: 'sshd-keygen.target' },
  opensuse: { sshd: '/usr/sbin/sshd', privsep: '/var/lib/empty' },
  arch: { sshd: '/usr/bin/sshd', privsep: '/usr/share/empty.sshd', keyUnit: 'sshdgenkeys.service' },
} as const satisfies Readonly<Record<string, Layout>>;

export type Distribution = keyof typeof layouts;

type UnitFile = Readonly<Record<'name' | 'text', string>>;

/** systemd's own name of the socket on port 22, and ours for other ports. */
function unitName(port: number): string {
  return isSshPort(port) ? 'sshd-vsock' : `sshd-vsock-${port}`;
}

/** The two units: a socket, and the service template of the same name that it starts for each connection. */
export function unitFiles(port: number, layout: Layout, systemd = 240): readonly [UnitFile, UnitFile] {
  const name = unitName(port);
  const { sshd, privsep, keyUnit } = layout;
  const needs = keyUnit ? `Wants=${keyUnit}\nAfter=${keyUnit}\n` : '';
  const folder = privsep.startsWith('/run/')
    ? `RuntimeDirectory=${privsep.slice('/run/'.length)}\nRuntimeDirectoryPreserve=yes\n`
    : '';
  return [
    { name: `${name}.socket`, text: stamp(socketText(String(port), systemd < 255 ? '' : pollLimit)) },
    { name: `${name}@.service`, text: stamp(serviceText({ sshd, needs, folder })) },
  ];
}

/** As systemd's own units have it, since 255: many connections in a moment do not stop the socket. Whole lines. */
export const pollLimit = 'PollLimitIntervalSec=30s\nPollLimitBurst=50\n';

/** The socket unit; `limit`: whole lines or empty. No systemd knows a URL form; all versions read "vsock::22" as any CID. */
export function socketText(port: string, limit: string): string {
  return `[Unit]
Description=OpenSSH on vsock port ${port}
Documentation=man:sshd(8) man:vsock(7)
Wants=ssh-access.target
Before=ssh-access.target

[Socket]
ListenStream=vsock::${port}
Accept=yes
${limit}
[Install]
WantedBy=sockets.target
`;
}

/** The service template; `needs` and `folder` are whole lines or empty. */
export function serviceText({ sshd, needs, folder }: Record<'sshd' | 'needs' | 'folder', string>): string {
  return `[Unit]
Description=OpenSSH for one connection over vsock (%I)
Documentation=man:sshd(8)
${needs}
[Service]
${folder}ExecStart=-${sshd} -i
StandardInput=socket
StandardOutput=socket
StandardError=journal
`;
}

/** Adds the mark that shows that a file is ours and unchanged; src/guest/sh/parts/files.sh makes the same one. */
export function stamp(text: string): string {
  const hash = createHash('sha256').update(text).digest('hex').slice(0, 16);
  const mark = `# vmssh-guest ${hash}: "vmssh guest print --undo" removes this\n`;
  const first = text.startsWith('#!') ? text.indexOf('\n') + 1 : 0;
  return text.slice(0, first) + mark + text.slice(first);
}

/** A generator for systemd 240 to 255 with the inputs and results of systemd-ssh-generator(8) of 256 and later. */
export const generator = text;

/** Where `guest install --generator` puts it: systemd reads this folder, and packages do not use it. */
export const generatorPath = '/etc/systemd/system-generators/vmssh-ssh-generator';
