import { run } from '../../package/run.js';

const get = 'apt-get install gpg gpg-agent';

/**
 * @typedef {object} Signer
 * @property {(file: string, signature: string) => void} detached writes a signature of a file beside it, in ASCII
 * @property {(file: string, signed: string) => void} clear writes the text of a file with a signature around it
 * @property {(files: readonly string[]) => void} rpms puts signatures into packages
 * @property {(root: string, name: string, message: string) => void} tag
 * @property {string} publicKey in ASCII
 */

/**
 * Signs with a key of the owner's own gpg. A signature has a time, so it gets that of the commit, or if the key is newer, the key's: then the same
 * commit gives the same signatures. Throws if there is no such secret key, or it has expired or been revoked.
 * @param {string} fingerprint
 * @param {string} committed in seconds since 1970
 * @returns {Signer}
 */
export function signerOf(fingerprint, committed) {
  const time = Math.max(Number(committed), keyTime(fingerprint));
  const timeFlags = ['--faked-system-time', `${time}!`];
  const flags = ['--batch', '--yes', '--local-user', fingerprint, '--digest-algo', 'SHA512', ...timeFlags];
  const gpg = (/** @type {readonly string[]} */ args) => run('gpg', [...flags, ...args], { get });
  // By itself it looks for gpg2, which Debian does not have.
  const defines = [
    '__gpg /usr/bin/gpg',
    `_gpg_name ${fingerprint}`,
    `_gpg_sign_cmd_extra_args ${timeFlags.join(' ')}`,
  ];
  const rpmFlags = defines.flatMap((each) => ['--define', each]);
  return {
    detached: (file, signature) => gpg(['--armor', '--output', signature, '--detach-sign', file]),
    clear: (file, signed) => gpg(['--output', signed, '--clear-sign', file]),
    rpms: (files) => run('rpmsign', [...rpmFlags, '--addsign', ...files], { get: 'apt-get install rpm' }),
    tag: (root, name, message) =>
      run('git', ['tag', '--sign', '--local-user', fingerprint, '--message', message, name], { cwd: root }),
    publicKey: run('gpg', [
      '--batch',
      '--armor',
      '--export-options',
      'export-minimal',
      '--export',
      fingerprint,
    ]),
  };
}

/** Checks a detached signature. Throws if it is not of this key. @param {string} fingerprint @param {string} signature @param {string} file */
export function verify(fingerprint, signature, file) {
  const said = run('gpg', ['--batch', '--status-fd', '1', '--verify', signature, file], { get });
  if (!said.split('\n').some((line) => line.startsWith('[GNUPG:] VALIDSIG ') && line.endsWith(fingerprint)))
    throw new Error(`${signature} is not of the key ${fingerprint}`);
}

/** When a secret key and its subkeys were all there, in seconds since 1970. @param {string} fingerprint */
function keyTime(fingerprint) {
  // The fields: https://github.com/gpg/gnupg/blob/master/doc/DETAILS
  const list = run('gpg', ['--batch', '--with-colons', '--list-secret-keys', fingerprint], { get });
  const keys = list
    .split('\n')
    .map((line) => line.split(':'))
    .filter(([kind]) => kind === 'sec' || kind === 'ssb');
  const [, validity = '', , , , , expires] = keys[0] ?? [];
  if (/[eridn]/.test(validity))
    throw new Error(`the key ${fingerprint} cannot sign: it has expired (${expires}), or it is not valid`);
  return Math.max(...keys.map((fields) => Number(fields[5])));
}
