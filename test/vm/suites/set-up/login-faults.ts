import { expect } from 'vitest';
import { run } from '../../../helpers/run.js';
import type { Line, Site } from './site.js';

/** What refuses root over vsock, though its keys, the account and the units are right. */
interface LoginFault {
  readonly name: string;
  readonly breaks: string;
  readonly evidence: RegExp;
  /** It is in root's file of keys, which sshd of 262 does not read first if the host gave it keys. */
  readonly isOfKeys?: true;
}

const file = '/root/.ssh/authorized_keys';
const setting = (line: string) => `echo '${line}' >/etc/ssh/sshd_config.d/50-own.conf`;

const from: LoginFault = {
  name: 'a key for other addresses',
  breaks: `sed -i 's|^|from="10.0.2.0/24" |' ${file}`,
  evidence: /has from="10\.0\.2\.0\/24" .*; the journal has: .*not from a permitted host \(host=UNKNOWN/,
  isOfKeys: true,
};
const ciphers: LoginFault = {
  name: 'ciphers that ssh does not have',
  breaks: setting('Ciphers 3des-cbc'),
  evidence: /no algorithm in common: sshd_config sets Ciphers 3des-cbc; .*no matching cipher found/,
};

export const loginFaults: readonly LoginFault[] = [
  from,
  ciphers,
  {
    name: 'a key whose time is over',
    breaks: `sed -i 's|^|expiry-time="20200101" |' ${file}`,
    evidence: /has expiry-time="20200101" before the key: it has expired/,
    isOfKeys: true,
  },
  {
    name: 'an account module of PAM',
    breaks: "sed -i '1i account required pam_deny.so' /etc/pam.d/sshd",
    evidence: /refuses every account: .*; the journal has: .*Access denied for user root by PAM account/,
  },
  {
    name: 'a signature that the key does not have',
    breaks: setting('PubkeyAcceptedAlgorithms rsa-sha2-512'),
    evidence: /without ssh-ed25519, .*; the journal has: .*not in PubkeyAcceptedAlgorithms/,
  },
  {
    name: 'a key exchange that ssh does not have',
    breaks: setting('KexAlgorithms diffie-hellman-group1-sha1'),
    evidence: /no algorithm in common: sshd_config sets KexAlgorithms diffie.*no matching key exchange/,
  },
];

/**
 * Makes such a fault, and fixes it as printed. Some refuse every login, so that all goes over one TCP connection that is
 * open before.
 */
export async function refusedLogin(site: Site, { name, breaks, evidence }: LoginFault) {
  const { sshConfig, check, target } = site;
  const held = async (command: string) => {
    const done = await run(['ssh', '-F', sshConfig, 'held', command]);
    expect(done.code, done.stderr).toBe(0);
  };
  const login = async () =>
    (await check(['--target', target], 'held')).filter(({ step }) => step === 'login');
  await held(`mkdir /root/kept; cp -p ${file} /etc/pam.d/sshd /root/kept; ${breaks}`);
  expect(await site.login()).not.toBe('works');
  const [failed, fix] = await login();
  expect(failed, name).toMatchObject({ state: 'failed', text: expect.stringMatching(evidence) });
  await held(fix?.text ?? 'false');
  const works: Line[] = [{ state: 'ok', step: 'login', text: `root logged in over ${target}` }];
  expect(await login()).toEqual(works);
  expect(await site.login()).toBe('works');
  const settings = '/etc/ssh/sshd_config.d';
  await held(
    `cd /root/kept && cat authorized_keys >${file} && cat sshd >/etc/pam.d/sshd; rm -rf /root/kept; rm -f ${settings}/50-own.conf ${settings}/00-vmssh-*.conf`,
  );
}
