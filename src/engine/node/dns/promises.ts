import { lookup as ask } from 'engine:sockets';
import { knownOptions } from '../../known-options.js';
import { DescriptorStream } from '../../streams.js';
import { execFile } from '../child_process.js';
import { text } from '../stream/consumers.js';

export interface LookupAddress {
  readonly address: string;
  readonly family: number;
}

/** Milliseconds: more than a resolver takes that asks three servers twice (resolv.conf(5)). And characters. */
const limits = { timeout: 35_000, maxBuffer: 1 << 20, killSignal: 'SIGKILL' } as const;

/** The addresses of a name, in the resolver's order. */
export async function lookup(name: string, options: { readonly all: true }): Promise<LookupAddress[]> {
  knownOptions('dns.lookup', options, ['all']);
  return addressesOf(await (process.platform === 'win32' ? askSystem(name) : askGetent(name)));
}

async function askSystem(name: string): Promise<string> {
  const answer = await text(new DescriptorStream({ readable: true, writable: false }).open(ask(name)));
  if (answer === '') throw failure('ENOTFOUND', name);
  return answer;
}

/** getent(1) asks the resolver: a static program has no NSS. */
function askGetent(name: string): Promise<string> {
  return new Promise((resolve, reject) => {
    execFile('getent', ['ahosts', '--', name], limits, (error, stdout) => {
      // getent(1) ends with 2 if there is no such name; any other end is no answer.
      if (error) reject(failure(error.code === 2 ? 'ENOTFOUND' : 'EAI_AGAIN', name, error));
      else resolve(stdout);
    });
  });
}

function addressesOf(lines: string): LookupAddress[] {
  const words = lines
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => line.split(/\s/, 1)[0] ?? '');
  return [...new Set(words)].map((address) => ({ address, family: address.includes(':') ? 6 : 4 }));
}

function failure(code: string, hostname: string, cause?: Error): Error {
  const error = new Error(`getaddrinfo ${code} ${hostname}`, { cause });
  return Object.assign(error, { code, syscall: 'getaddrinfo', hostname });
}
