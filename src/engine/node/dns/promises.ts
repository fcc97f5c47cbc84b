import { lookup as ask } from 'engine:sockets';
import { knownOptions } from '../../known-options.js';
import { DescriptorStream } from '../../streams.js';
import { spawn } from '../child_process.js';
import { once } from '../events.js';

export interface LookupAddress {
  readonly address: string;
}

/** Milliseconds: more than a resolver takes that asks three servers twice (resolv.conf(5)). And characters. */
const limits = { timeout: 35_000, killSignal: 'SIGKILL' } as const;
const maxAnswer = 1 << 20;

export async function lookup(name: string, options: { readonly all: true }): Promise<LookupAddress[]> {
  knownOptions('dns.lookup', options, ['all']);
  return addressesOf(await (process.platform === 'win32' ? askSystem(name) : askGetent(name)));
}

async function askSystem(name: string): Promise<string> {
  const parts: Uint8Array[] = [];
  const stream = new DescriptorStream({ readable: true, writable: false });
  for await (const part of stream.open(ask(name))) parts.push(part);
  if (parts.length === 0) throw failure('ENOTFOUND', name);
  return Buffer.concat(parts).toString();
}

/** getent(1) asks the resolver: a static program has no NSS. */
async function askGetent(name: string): Promise<string> {
  const stdio = ['ignore', 'pipe', 'ignore'] as const;
  const child = spawn('getent', ['ahosts', '--', name], { ...limits, stdio });
  let answer = '';
  child.stdout?.setEncoding('utf8').on('data', (part: string) => {
    answer += part;
    if (answer.length > maxAnswer) child.kill(limits.killSignal);
  });
  const [code] = await once(child, 'close').catch((error: Error) => {
    throw failure('EAI_AGAIN', name, error);
  });
  if (code === 0) return answer;
  // getent(1) ends with 2 if there is no such name; any other end is no answer.
  throw failure(code === 2 ? 'ENOTFOUND' : 'EAI_AGAIN', name);
}

function addressesOf(lines: string): LookupAddress[] {
  const words = lines
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => line.split(/\s/, 1)[0] ?? '');
  return [...new Set(words)].map((address) => ({ address }));
}

function failure(code: string, hostname: string, cause?: Error): Error {
  const error = new Error(`getaddrinfo ${code} ${hostname}`, { cause });
  return Object.assign(error, { code, syscall: 'getaddrinfo', hostname });
}
