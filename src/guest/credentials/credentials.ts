/** The keys for a guest that is started with them. */
export interface GivenKeys {
  /** The private host key, ed25519, as ssh-keygen writes it. */
  readonly hostKey: string;
  /** "ssh-ed25519 AAAA…", with or without a comment. */
  readonly hostPublicKey: string;
  /** Lines for authorized_keys. */
  readonly logins: readonly string[];
}

/** A system credential: systemd.system-credentials(7). */
type Credential = Readonly<Record<'id' | 'text', string>>;

/** systemd-tmpfiles of 252 and later writes the host key before sshd starts, and root's keys if there are none; 256 gives the last to all accounts. */
export function credentialsOf({ hostKey, hostPublicKey, logins }: GivenKeys): readonly Credential[] {
  const keys = logins.map((line) => `${line}\n`).join('');
  return [
    { id: 'tmpfiles.extra', text: file(path, 600, hostKey) + file(`${path}.pub`, 644, `${hostPublicKey}\n`) },
    { id: 'ssh.authorized_keys.root', text: keys },
    { id: 'ssh.ephemeral-authorized_keys-all', text: keys },
  ];
}

/** The credential that has systemd-ssh-generator of 256 and later, and ours, bind sshd to these addresses too. */
export function listenCredential(addresses: readonly string[]): Credential {
  return { id: 'ssh.listen', text: addresses.map((address) => `${address}\n`).join('') };
}

/** sshd's default, and the one that each distribution uses. */
const path = '/etc/ssh/ssh_host_ed25519_key';

/** A line of tmpfiles.d(5) that writes the file again, with its content in base64. */
function file(path: string, mode: number, text: string): string {
  return `f+~ ${path} 0${mode} root root - ${base64(text)}\n`;
}

export function base64(text: string): string {
  return Buffer.from(text).toString('base64');
}

/** SMBIOS strings of type 11 are how QEMU gives a credential. */
export function smbiosString({ id, text }: Credential): string {
  return `io.systemd.credential.binary:${id}=${base64(text)}`;
}

/** A credential as systemd-nspawn and systemd-vmspawn read it. */
export function credentialFile(id: string): string {
  return `credential-${id}`;
}

/** A credential as QEMU reads it: the string without a line break. */
export function smbiosFile(id: string): string {
  return `smbios-${id}`;
}

/** The files of all credentials, in both forms. */
export function credentialFiles(keys: GivenKeys) {
  return credentialsOf(keys).flatMap((each: Credential) => [
    { name: credentialFile(each.id), text: each.text },
    { name: smbiosFile(each.id), text: smbiosString(each) },
  ]);
}
