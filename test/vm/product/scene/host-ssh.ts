import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { configText } from '../../../../src/hosts/text.js';
import { quote } from '../../bed/ssh.js';
import type { Stage } from './stage.js';

export type Mode = 'fdpass' | 'relay';
export const modes: readonly Mode[] = ['fdpass', 'relay'];

/** ssh on this side, with vmssh as its proxy. */
export interface HostSsh {
  /** vmssh, as an argument array. */
  readonly vmssh: readonly string[];
  /** The ssh_config file, for scp and others. */
  config(mode: Mode): string;
  ssh(mode: Mode): readonly string[];
  /** ssh whose proxy waits for a machine that boots, and reports each try on stderr. */
  waiting(mode: Mode, seconds: number): readonly string[];
}

/** Writes the ssh_config files to `folder`; `identity` is the private key to log in with. */
export function hostSsh(folder: string, stage: Stage, identity: string): HostSsh {
  const vmssh = [process.execPath, join(stage.folder, 'vmssh/dist/vmssh.js')];
  const login = ['IdentitiesOnly yes', 'BatchMode yes', 'StrictHostKeyChecking accept-new', 'User root'];
  for (const mode of modes) {
    const lines = ['Host *', `IdentityFile ${identity}`, ...login, 'LogLevel ERROR'].join('\n    ');
    const own = { program: vmssh, fdpass: mode === 'fdpass', knownHosts: join(folder, 'known_hosts') };
    writeFileSync(join(folder, mode), `${configText(own)}${lines}\n`);
    chmodSync(join(folder, mode), 0o600);
  }
  const config = (mode: Mode) => join(folder, mode);
  const ssh = (mode: Mode) => ['ssh', '-F', config(mode)];
  return {
    vmssh,
    config,
    ssh,
    waiting(mode, seconds) {
      const passing = mode === 'fdpass' ? '--fdpass ' : '';
      const program = vmssh.map((word) => quote(word).replaceAll('%', '%%')).join(' ');
      const proxy = `${program} proxy -v ${passing}--wait=${seconds} --typed %n %h %p`;
      return [...ssh(mode), '-o', `ProxyCommand=${proxy}`];
    },
  };
}
