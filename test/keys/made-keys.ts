import ssh2 from 'ssh2';

const bits = { ed25519: 256, ecdsa: 256, rsa: 2048 };

/** The text of a `.pub` file as ssh-keygen writes it, without needing it, and what is left of it without its comment. */
export function madeKey(
  type: 'ed25519' | 'ecdsa' | 'rsa',
  name: string = type,
): { readonly text: string; readonly key: string } {
  // Its types know the sizes of one kind at a time.
  const { public: line } = ssh2.utils.generateKeyPairSync(type as 'rsa', {
    bits: bits[type] as 2048,
    comment: `root@${name}`,
  });
  return { text: `${line}\n`, key: line.split(' ', 2).join(' ') };
}
