import { execFile } from '../child_process.js';

export interface LookupAddress {
  readonly address: string;
  readonly family: number;
}

/** The addresses of a name, in the resolver's order. getent(1) asks it: a static program has no NSS. */
export function lookup(name: string, _options: { readonly all: true }): Promise<LookupAddress[]> {
  return new Promise((resolve, reject) => {
    execFile('getent', ['ahosts', '--', name], {}, (error, stdout) => {
      const lines = stdout.split('\n').filter((line) => line !== '');
      const addresses = [...new Set(lines.map((line) => line.split(/\s/, 1)[0] ?? ''))];
      if (error || addresses.length === 0) reject(notFound(name));
      else resolve(addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })));
    });
  });
}

function notFound(name: string): Error {
  return Object.assign(new Error(`getaddrinfo ENOTFOUND ${name}`), {
    code: 'ENOTFOUND',
    syscall: 'getaddrinfo',
    hostname: name,
  });
}
