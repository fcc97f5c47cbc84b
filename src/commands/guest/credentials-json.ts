import { type Envelope, envelope } from '../../cli/json.js';
import type { GivenKeys } from '../../guest/credentials/contents.js';
import type { Given, Hypervisor } from '../../guest/credentials/forms.js';
import { fingerprintOf } from '../../host-keys/fingerprint.js';
import type { GuestKeys } from '../../ssh/guest-keys.js';

/** The output of `vmssh guest credentials --json`. */
export interface GuestCredentialsJson extends Envelope<'guest credentials'> {
  readonly name: string;
  readonly for: Hypervisor;
  /** Arguments for a command line. */
  readonly arguments?: readonly string[] | undefined;
  readonly text: string;
  /** Whether the private host key is in `text`. */
  readonly hasPrivateKey: boolean;
  readonly notes: readonly string[];
  readonly hostKey: { readonly type: string; readonly fingerprint: string };
  /** The public keys that may log in. */
  readonly logins: readonly string[];
  /** The private login key, if it was made. */
  readonly identityFile?: string | undefined;
  readonly folder: string;
}

export function guestCredentialsJson(
  hypervisor: Hypervisor,
  { name, folder, identityFile }: GuestKeys,
  { hostPublicKey, logins }: GivenKeys,
  { words, text, isSecret, notes }: Given,
): GuestCredentialsJson {
  return {
    ...envelope('guest credentials', 0),
    name,
    for: hypervisor,
    arguments: words,
    text,
    hasPrivateKey: isSecret,
    notes,
    hostKey: hostKeyOf(hostPublicKey),
    logins,
    identityFile,
    folder,
  };
}

/** The type and fingerprint of a public key's line. */
export function hostKeyOf(line: string): GuestCredentialsJson['hostKey'] {
  const [type = '', key = ''] = line.split(' ');
  return { type, fingerprint: fingerprintOf(Buffer.from(key, 'base64')) };
}
