import { expect } from 'vitest';
import { seen } from './seen.js';
import { brokenAndFixed, type Site } from './site.js';

/** Faults of a guest whose units vmssh wrote: shell text that breaks it, and that undoes what no fix does. */
export interface Inside {
  readonly number: string;
  readonly breaks: string;
  readonly step: string;
  readonly evidence: RegExp;
  readonly restores: string;
  /** What is run in place of the printed fix, if that one cannot work in the guest. */
  readonly fix?: string;
}

export interface Outside extends Inside {
  /** What check says about it only from outside. */
  readonly outside: RegExp;
}

const units = '/etc/systemd/system';
const reload = 'systemctl daemon-reload; systemctl reset-failed 2>/dev/null';
// systemd starts the service again for each connection that waits, up to its start limit: before it, the connection waits, after it, it is closed.
const acceptMissing =
  /^✗ .*(?:no SSH banner|closed before a banner)[\s\S]*– Accept=yes is missing.* \(2 in docs\/reference\/guest-failures\.md\)/;

/** What keeps vsock from answering, while TCP still does. */
export const outsides: readonly Outside[] = [
  {
    number: '1: URL form',
    breaks: `sed -i s,vsock::22,vsock://any:22, ${units}/sshd-vsock.socket; ${reload}; systemctl restart sshd-vsock.socket`,
    step: 'address-form',
    evidence: /ListenStream=vsock:\/\/any:22, and systemd 252 \(bad-setting\) does not support the URL form/,
    outside:
      /nothing listens on vsock port 22[\s\S]*[-–] the socket unit has an address .* \(1 in docs\/reference\/guest-failures\.md\)/,
    restores: ':',
  },
  {
    number: '2: no Accept=yes',
    breaks: `cd ${units}; sed -i /Accept/d sshd-vsock.socket; cp sshd-vsock@.service sshd-vsock.service; systemctl stop sshd-vsock.socket; ${reload}; systemctl start sshd-vsock.socket`,
    step: 'accept',
    evidence: /has no Accept=yes/,
    outside: acceptMissing,
    restores: `cd ${units}; rm -r sshd-vsock.socket.d sshd-vsock.service; sed -i 's/^Listen.*/&\\nAccept=yes/' sshd-vsock.socket; ${reload}; systemctl restart sshd-vsock.socket`,
  },
  {
    number: '2: a drop-in says no',
    breaks: `cd ${units}; mkdir sshd-vsock.socket.d; printf '[Socket]\\nAccept=no\\n' >sshd-vsock.socket.d/zzz.conf; cp sshd-vsock@.service sshd-vsock.service; systemctl stop sshd-vsock.socket; ${reload}; systemctl start sshd-vsock.socket`,
    step: 'accept',
    evidence: /^\/etc\/systemd\/system\/sshd-vsock\.socket\.d\/zzz\.conf, line 2, has Accept=no: /,
    outside: acceptMissing,
    restores: `cd ${units}; rm -r sshd-vsock.socket.d sshd-vsock.service; ${reload}; systemctl restart sshd-vsock.socket`,
  },
  {
    number: 'listening: another program has the port',
    breaks: `systemctl stop sshd-vsock.socket; systemd-run -q --unit=relay socat VSOCK-LISTEN:22,fork EXEC:cat; until ss -l --vsock | grep -q :22; do sleep 0.2; done; systemctl start sshd-vsock.socket`,
    step: 'listening',
    evidence:
      /^socat \(pid \d+\) of relay\.service, .*socat VSOCK-LISTEN:22,fork EXEC:cat, listens on vsock port 22, so sshd-vsock\.socket is/,
    outside: /^✗ .*no SSH banner/,
    restores: ':',
  },
  {
    number: '2: names that differ',
    breaks: `cd ${units}; mv sshd-vsock@.service sshd-vsocket@.service; systemctl stop sshd-vsock.socket; ${reload}; systemctl start sshd-vsock.socket`,
    step: 'accept',
    evidence: /sshd-vsock\.socket needs sshd-vsock@\.service, and there is only sshd-vsocket@\.service/,
    outside: /^✗ .*(?:nothing listens|no SSH banner|closed before a banner)/,
    restores: `cd ${units}; mv sshd-vsocket@.service sshd-vsock@.service; ${reload}; systemctl restart sshd-vsock.socket`,
  },
  {
    number: '8: masked',
    breaks: `mv ${units}/sshd-vsock.socket /usr/lib/systemd/system; systemctl -q mask --now sshd-vsock.socket`,
    step: 'masked',
    evidence: /sshd-vsock\.socket is masked: .* points to \/dev\/null/,
    outside: /[-–] the socket is masked.* \(8 in docs\/reference\/guest-failures\.md\)/,
    restores: `mv /usr/lib/systemd/system/sshd-vsock.socket ${units}; systemctl daemon-reload`,
  },
];

/** These keep TCP's sshd from answering too: one command breaks, checks and fixes. */
export const insides: readonly Inside[] = [
  {
    number: '3: no privilege separation folder',
    breaks: `sed -i /RuntimeDirectory/d ${units}/sshd-vsock@.service; systemctl daemon-reload; rm -r /run/sshd`,
    step: 'privsep',
    evidence: /\/run\/sshd is missing, and sshd-vsock@\.service has no RuntimeDirectory=sshd/,
    restores: `mkdir -p /run/sshd; rm -r ${units}/sshd-vsock@.service.d; sed -i 's/^.Service.$/&\\nRuntimeDirectory=sshd\\nRuntimeDirectoryPreserve=yes/' ${units}/sshd-vsock@.service; systemctl daemon-reload`,
  },
  {
    number: '6: systemd is not PID 1',
    breaks: 'systemctl stop sshd-vsock.socket; look="unshare --pid --fork --mount-proc sh"',
    step: 'systemd',
    evidence: /PID 1 is (sh|unshare), not systemd/,
    fix: 'systemctl start sshd-vsock.socket; look=sh',
    restores: ':',
  },
  {
    number: '7: no sshd',
    breaks: 'mv /usr/sbin/sshd /usr/sbin/sshd.away',
    step: 'sshd',
    evidence: /there is no sshd in \/usr\/sbin/,
    fix: 'mv /usr/sbin/sshd.away /usr/sbin/sshd',
    restores: ':',
  },
  {
    number: '10: no host keys',
    breaks: 'mkdir /etc/ssh/away; mv /etc/ssh/ssh_host_* /etc/ssh/away',
    step: 'host-keys',
    evidence: /sshd -t says: .*no hostkeys available/,
    restores: 'mv /etc/ssh/away/* /etc/ssh/; rmdir /etc/ssh/away',
  },
  {
    number: '11: root is not let in',
    breaks: 'echo "PermitRootLogin no" >/etc/ssh/sshd_config.d/50-no-root.conf',
    step: 'login',
    evidence: /PermitRootLogin no/,
    restores:
      'rm /etc/ssh/sshd_config.d/50-no-root.conf /etc/ssh/sshd_config.d/00-vmssh-PermitRootLogin.conf',
  },
  {
    number: '11: keys that others could have written',
    breaks: 'chmod o+w /root/.ssh',
    step: 'login',
    evidence: /\/root\/\.ssh can be written by users other than root/,
    restores: ':',
  },
];

/** Options of the socket's template that refuse a login, though a plain `sshd -T` shows nothing. */
export const unitFaults = [
  {
    name: 'AuthorizedKeysFile',
    options: '-o AuthorizedKeysFile=none',
    file: '',
    evidence: /starts sshd with AuthorizedKeysFile none, so it does not read \/root\/\.ssh\/authorized_keys/,
  },
  {
    name: 'another configuration file',
    options: '-f /tmp/vsock_config',
    file: 'PermitRootLogin no\nUsePAM yes\n',
    evidence: /results in PermitRootLogin no/,
  },
] as const;

/** Puts such options into the template of port 22, and fixes what follows as printed. */
export async function unitFault(
  site: Site,
  guest: string,
  { name, options, file, evidence }: (typeof unitFaults)[number],
): Promise<void> {
  const folder = '/etc/systemd/system/sshd-vsock@.service.d';
  const reload = 'systemctl daemon-reload';
  await site.guest.run(
    `mkdir ${folder}; cat >/tmp/vsock_config; printf '[Service]\\nExecStart=\\nExecStart=-/usr/sbin/sshd -i ${options}\\n' >${folder}/own.conf; ${reload}`,
    { input: file },
  );
  expect(await site.login()).toBe('denied');
  const found = await brokenAndFixed(site.guest, ':', 'login');
  expect(found.failed?.text).toMatch(evidence);
  const broken = `11: ${name} in the unit's own command line`;
  seen({ guest, broken, ...found, login: await site.login() });
  await site.guest.run(`rm -r ${folder}; ${reload}`);
}

/** A drop-in of port 22 with an address that this systemd refuses. */
export async function refusedAddress(site: Site, guest: string, address: string): Promise<void> {
  const folder = '/etc/systemd/system/sshd-vsock.socket.d';
  await site.guest.run(
    `mkdir ${folder}; printf '[Socket]\\nListenStream=\\nListenStream=${address}\\n' >${folder}/own.conf
    systemctl daemon-reload; systemctl restart sshd-vsock.socket`,
    { allowFailure: true },
  );
  expect(await site.login()).toBe('fails');
  const found = await brokenAndFixed(site.guest, ':', 'address-form');
  expect(found.failed?.text).toContain(`has ListenStream=${address}, and systemd ${guest} (bad-setting)`);
  seen({ guest, broken: `1: ${address}`, ...found, login: await site.login() });
  await site.guest.run(`rm -r ${folder}; systemctl daemon-reload; systemctl restart sshd-vsock.socket`);
}

/** A profile of AppArmor that lets sshd do all but use vsock. */
export const profile = `abi <abi/3.0>,
profile sshd /usr/sbin/sshd {
  capability,
  signal,
  ptrace,
  unix,
  network inet,
  network inet6,
  network unix,
  network netlink,
  /** rwlkm,
  /usr/sbin/sshd ix,
  /{usr/,}bin/* Ux,
}
`;
