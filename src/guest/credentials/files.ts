import { guestKeyFiles } from '../../ssh/guest-keys.js';
import { type Credential, credentialsOf, type GivenKeys, smbiosString } from './contents.js';

/** A file of a machine's folder of keys. */
export interface KeyFile {
  readonly name: string;
  readonly text: string;
}

/** A credential as systemd-nspawn and systemd-vmspawn read it. */
export function credentialFile(id: string): string {
  return `credential-${id}`;
}

/** A credential as QEMU reads it: the string without a line break. */
export function smbiosFile(id: string): string {
  return `smbios-${id}`;
}

/** The credentials as files. */
export function credentialFiles(keys: GivenKeys): readonly KeyFile[] {
  return credentialsOf(keys).flatMap((each: Credential) => [
    { name: credentialFile(each.id), text: each.text },
    { name: smbiosFile(each.id), text: smbiosString(each) },
  ]);
}

/** All files that such a folder may have: only they are removed. */
export const ownFiles: readonly string[] = [
  // First: without it ssh does not use the others.
  guestKeyFiles.knownHosts,
  ...[guestKeyFiles.hostKey, guestKeyFiles.login].flatMap((name) => [name, `${name}.pub`]),
  ...credentialFiles({ hostKey: '', hostPublicKey: '', logins: [] }).map(({ name }) => name),
  guestKeyFiles.logins,
  guestKeyFiles.name,
];
