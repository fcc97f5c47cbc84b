/** @import { Programs } from './types.js' */
import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Keys and a configuration for an sshd that is started for each connection, as systemd's socket units do.
 * @param {Programs} programs
 * @param {string} folder
 */
export function prepareLogin(programs, folder) {
  for (const key of ['host', 'id'])
    spawnSync(programs.sshKeygen.path ?? '', ['-q', '-t', 'ed25519', '-N', '', '-f', join(folder, key)]);
  copyFileSync(join(folder, 'id.pub'), join(folder, 'authorized'));
  const config = [
    `HostKey ${join(folder, 'host')}`,
    `AuthorizedKeysFile ${join(folder, 'authorized')}`,
    ...['StrictModes no', 'UsePAM no', 'PermitRootLogin yes', 'PidFile none', ''],
  ];
  writeFileSync(join(folder, 'sshd_config'), config.join('\n'));
  if (process.getuid?.() === 0) mkdirSync('/run/sshd', { recursive: true, mode: 0o755 });
  return `exec ${programs.sshd.path} -i -f ${join(folder, 'sshd_config')} 2>/dev/null`;
}

/**
 * `ssh host true` by a proxy. All of them are started through the harness, since one needs its chroot.
 * @param {Programs} programs
 * @param {string} folder
 * @param {{ root?: string | undefined, command: readonly string[] }} proxy
 * @param {boolean} pass
 * @param {Readonly<Record<string, string>>} [more] options of ssh
 */
export function loginCommand(programs, folder, { root, command }, pass, more = {}) {
  const enter = [programs.harness, 'enter', ...(root ? ['--root', root] : []), '--', ...command];
  const options = {
    ProxyCommand: enter.map((word) => `'${word}'`).join(' '),
    ProxyUseFdpass: pass ? 'yes' : 'no',
    IdentityFile: join(folder, 'id'),
    IdentitiesOnly: 'yes',
    BatchMode: 'yes',
    StrictHostKeyChecking: 'no',
    UserKnownHostsFile: '/dev/null',
    LogLevel: 'ERROR',
    ...more,
  };
  const flags = Object.entries(options).flatMap(([name, value]) => ['-o', `${name}=${value}`]);
  return [programs.ssh.path ?? '', '-F', 'none', ...flags, 'bench', 'true'];
}
