import { expect } from 'vitest';
import { banner } from '../../bed/banner.js';
import { unitFault, unitFaults } from './faults.js';
import { loginFaults, refusedLogin } from './login-faults.js';
import { seen } from './seen.js';
import { brokenAndFixed, copyCheck, faultsOf, listEtc, type Site } from './site.js';

/** A guest whose systemd listens on vsock by itself: the script changes nothing and says why. */
export async function changesNothing({ guest, sshConfig, target, vmssh, check }: Site): Promise<void> {
  const before = await listEtc(guest);
  const args = ['guest', 'install', '--ssh-config', sshConfig, '--target', target, 'guest'];
  for (const more of guest.suite === 'sid' ? [[], ['--generator']] : [[]]) {
    const { code, stdout, stderr } = await vmssh(...args, ...more);
    expect({ code, stderr }, stdout).toEqual({ code: 0, stderr: '' });
    expect(stdout).not.toMatch(/^ {2}\+/m);
    expect(stdout).toMatch(
      more.length === 0
        ? /[-–] units +systemd 2\d\d\.\S+ listens on vsock port 22 by itself \(\/run\/systemd\/generator\/sshd-vsock\.socket\)/
        : /[-–] generator +systemd 2\d\d\.\S+ has a generator of its own/,
    );
  }
  expect(await listEtc(guest)).toEqual(before);
  expect(faultsOf(await check())).toEqual([]);
}

/** `guest off` and back. */
export async function offAndOn({ guest, sshConfig, vmssh }: Site): Promise<void> {
  const before = await listEtc(guest);
  const off = await vmssh('guest', 'off', '--ssh-config', sshConfig, 'guest');
  expect(off.code, off.stdout).toBe(0);
  expect(off.stdout).toMatch(/✓ closed +a connection to vsock port 22 over loopback is refused/);
  await expect(banner({ path: guest.muxPath, muxPort: 22 })).rejects.toThrow();
  const on = await vmssh('guest', 'off', '--undo', '--ssh-config', sshConfig, 'guest');
  expect(on.code, on.stdout).toBe(0);
  expect(await banner({ path: guest.muxPath, muxPort: 22 })).toMatch(/^SSH-2/);
  expect(await listEtc(guest)).toEqual(before);
}

/** What its owner may break there, and the printed fixes. */
export async function brokenByItsOwner(site: Site, systemd: string): Promise<void> {
  await copyCheck(site);
  const mask = 'systemctl -q mask --now sshd-vsock.socket';
  const masked = await brokenAndFixed(site.guest, mask, 'masked');
  seen({ guest: systemd, broken: '8: masked', ...masked, login: await site.login() });
  await unitFault(site, systemd, unitFaults[0]);
  for (const fault of loginFaults)
    if (site.guest.suite === 'trixie' || !fault.isOfKeys) await refusedLogin(site, fault);
}
