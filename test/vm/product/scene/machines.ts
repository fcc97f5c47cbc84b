import type { Guest } from '../../bed/guest.js';
import { startContainer } from '../../inside/container.js';
import { cid } from './scene.js';

/** The container's name. */
export const container = 'inner';

/** What is registered in the guest's own machined: machines that are the guest itself, reached by different routes. */
export const registered = {
  fakevm: { vSockCid: cid },
  fakeaddr: { sshAddress: '127.0.0.1' },
  fakekey: { sshAddress: `vsock/${cid}`, sshPrivateKeyPath: '/root/.ssh/id_ed25519' },
  nothing: {},
};

/** Where systemd-nspawn exports a container's sshd. */
export function exportPath(systemd: number, name: string): string {
  const folder = '/run/systemd/nspawn';
  return systemd >= 262 ? `${folder}/${name}/unix-export/ssh` : `${folder}/unix-export/${name}/ssh`;
}

/** Boots an nspawn container in the guest, and registers virtual machines at its machined. */
export async function startMachines(guest: Guest): Promise<void> {
  const calls = Object.entries(registered).map(([name, facts]) => {
    const call = JSON.stringify({ name, class: 'vm', ...facts, leader: 0 }).replace('0}', "'$leader'}");
    return `systemd-run -q --unit=leader-${name} sleep infinity
      leader=$(systemctl show -P MainPID leader-${name})
      varlinkctl call /run/systemd/machine/io.systemd.Machine io.systemd.Machine.Register '${call}' >/dev/null`;
  });
  await guest.run(`set -e\nsystemctl start systemd-machined\n${calls.join('\n')}`);
  await startContainer(guest, container);
}
