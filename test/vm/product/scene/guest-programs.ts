import type { Guest } from '../../bed/guest.js';
import type { Stage } from './stage.js';

/** vmssh inside a guest: how it is called, and its ssh_config by mode. */
export interface GuestProgram {
  readonly name: 'node' | 'executable';
  readonly vmssh: string;
  readonly nc: string;
  /** ssh with the lines that it printed itself; a host and a command follow. Reads nothing. */
  ssh(mode: 'fdpass' | 'relay'): string;
  scp(mode: 'fdpass' | 'relay'): string;
}

/** Puts what was staged into the guest, as a person would: the package in /opt/vmssh, the executable in /opt/linux-x64. */
export async function installProduct(guest: Guest, stage: Stage): Promise<readonly GuestProgram[]> {
  const programs: GuestProgram[] = [
    program('node', 'node /opt/vmssh/dist/vmssh.js', 'node /opt/vmssh/dist/vsock-nc.js'),
    ...(stage.hasExecutable
      ? [program('executable', '/opt/linux-x64/vmssh', '/opt/linux-x64/vsock-nc')]
      : []),
  ];
  const configs = programs.map(
    ({ name, vmssh }) => `${vmssh} config print >/tmp/${name}.fdpass
    printf 'Host *\\n    BatchMode yes\\n    StrictHostKeyChecking accept-new\\n    LogLevel ERROR\\n' >>/tmp/${name}.fdpass
    sed 's/ --fdpass / /; s/ProxyUseFdpass yes/ProxyUseFdpass no/' /tmp/${name}.fdpass >/tmp/${name}.relay`,
  );
  await guest.run(
    `set -e
    mountpoint -q /host || mount -t virtiofs host /host
    cp -r /host/* /opt/
    test ! -e /opt/linux-x64 || ln -s vmssh /opt/linux-x64/vsock-nc
    ${configs.join('\n')}`,
    { timeout: 120 },
  );
  return programs;
}

function program(name: GuestProgram['name'], vmssh: string, nc: string): GuestProgram {
  return {
    name,
    vmssh,
    nc,
    ssh: (mode) => `ssh -n -F /tmp/${name}.${mode}`,
    scp: (mode) => `scp -q -F /tmp/${name}.${mode}`,
  };
}
