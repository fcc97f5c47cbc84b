import { existsSync, readdirSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { ConnectError } from '../base/errors.js';
import type { Env } from '../base/runtime.js';
import { readKeys } from '../cli/guest.js';
import { isLink, readTextIfAny } from '../files/read-sync.js';
import { ownKeyFile } from '../keys/login-key.js';
import type { Io } from '../process/io.js';
import { refusalFix } from '../process/refusal-fix.js';
import { runProgram } from '../process/run-program.js';
import {
  asksNothing,
  firstMessage,
  ownConnection,
  type SshCommand,
  settingIn,
  sshCommand,
  typedSsh,
} from '../process/ssh-program.js';
import { KeyReader } from '../ssh/certificate.js';
import { goneFolder, sshFolder } from '../ssh/folder.js';
import { fingerprintOf } from '../ssh/known-hosts.js';
import { isHostName, slug } from '../typed/names.js';
import { shellQuoted } from '../typed/shell.js';
import { type Agent, askAgent, publicLine } from './agent.js';

export interface OwnKey {
  /** The public key, as a line of authorized_keys. */
  readonly line: string;
  /** The private key's file; undefined: only the agent has it. */
  readonly identityFile?: string;
  /** The public key's own file; undefined: only the agent or the private key has it. */
  readonly publicFile?: string | undefined;
  readonly from: string;
  /** Whether ssh asks for its passphrase at each login: no agent has the key. */
  readonly asks?: boolean;
}

/**
 * The first key with which ssh could log in to the host: one of its files, in ssh's order, or of its agent.
 * Rejects with a ConnectError of ssh's own words if its configuration cannot be read.
 */
export async function firstOwnKey(
  host: string,
  io: Io,
  signal: AbortSignal,
): Promise<{ readonly key?: OwnKey | undefined; readonly why?: NoKey }> {
  const settings = await settingsOf(host, io, signal);
  const agent = await agentOf(settings, io, signal);
  const inAgent = agent.keys;
  const has = (line: string) => inAgent.find((each) => blobOf(each) === blobOf(line));
  const files = await identityFiles(host, settings, io, signal);
  for (const file of files) {
    const [line] = await keysIn(publicFile(file));
    const own = file.endsWith('.pub') ? undefined : await privateKey(file, io, signal);
    const isOther = line && own?.line && blobOf(own.line) !== blobOf(line);
    const publicKey = line ?? own?.line;
    // ssh shows the public key, which the private one then does not fit.
    if (publicKey === undefined || isOther) continue;
    const identityFile = own || file.endsWith('.pub') ? file : undefined;
    const inFile = line === undefined ? undefined : publicFile(file);
    const key = { line: publicKey, identityFile, publicFile: inFile, from: inFile ?? file };
    if (has(publicKey)) return { key: { ...key, from: `${key.from}, which your ssh-agent has` } };
    if (own) return { key: { ...key, asks: own.asks } };
  }
  const line = settingIn(settings, 'identitiesonly') === 'yes' ? undefined : inAgent[0];
  return line
    ? { key: { line, from: 'your ssh-agent' } }
    : { why: whyNone(files, settings, agent, sshFolder(io.env, io.platform)) };
}

export interface NoKey {
  readonly problem: string;
  /** A new key only where it would replace nothing. */
  readonly fix?: string | undefined;
}

/** ssh-keygen would overwrite the public key of an agent or of a token without a question. */
function whyNone(files: readonly string[], settings: string, agent: Agent, folder: string): NoKey {
  const { problem, fix, unset } = agent;
  const [stale] = files.flatMap((file) => otherPublic(file) ?? []);
  if (stale) return stale;
  const isThere = (file: string) => [file, publicFile(file), `${file}-cert.pub`].some(existsSync);
  const there = files.find(isThere) ?? settingIn(settings, 'certificatefile');
  const named = settingIn(settings, 'identityagent');
  const isNamed = named !== undefined && !['none', 'SSH_AUTH_SOCK'].includes(named);
  const about = problem === undefined ? '' : `: ${problem}`;
  if (there !== undefined)
    return { problem: `neither ssh nor an agent has the private key of ${there}${about}`, fix };
  if (isNamed || problem !== undefined)
    return { problem: `ssh has no key${about || `: the agent ${named} gives none`}`, fix };
  const [beside] = keysBeside(folder, files);
  if (beside !== undefined)
    return {
      problem: `ssh does not try ${beside} by itself`,
      fix: `vmssh setup --key ${shellQuoted(`${beside}.pub`)} NAME`,
    };
  const no = `you have no public key that ssh would try${unset ? `, and ${unset} is not set` : ''}`;
  return { problem: no, fix: goneFolder(dirname(files[0] ?? '/')) ?? 'ssh-keygen -t ed25519' };
}

interface OwnKeysOptions {
  /** As it stands after `ssh`. */
  readonly host: string;
  readonly sshConfig?: string | undefined;
  readonly more?: readonly (string | undefined)[];
}

/** All keys with which ssh could log in to the host, and those of `more` private files. Rejects as `firstOwnKey` does. */
export async function ownKeys(
  { host, sshConfig, more = [] }: OwnKeysOptions,
  io: Io,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const settings = await settingsOf(host, io, signal, sshConfig);
  const ofSsh = await identityFiles(host, settings, io, signal, sshConfig);
  const files = [...ofSsh, ...more.filter((path) => path !== undefined)];
  const ofFiles = files.map(async (file) => {
    const lines = await keysIn(publicFile(file));
    return lines.length > 0 ? lines : ((await privateKey(file, io, signal))?.line ?? []);
  });
  return [...(await Promise.all(ofFiles)).flat(), ...(await agentOf(settings, io, signal)).keys];
}

/** The paths of private keys, in ssh's order. Of those with tokens or variables ssh itself says what they stand for. */
async function identityFiles(
  host: string,
  settings: string,
  io: Io,
  signal: AbortSignal,
  configFile?: string,
) {
  const paths = [...settings.matchAll(/^identityfile (.+)$/gm)].map(([, path = '']) => path);
  if (!paths.some((path) => /[%$]/.test(path))) return paths.map((path) => inFolder(path, io));
  // Its proxy ends at once: ssh asks no host.
  const nowhere = ['ProxyCommand=true', 'ProxyUseFdpass=no', ownConnection, asksNothing];
  const { stderr } = await asked({ host, configFile, flags: ['-v'], settings: nowhere }, io, signal);
  // What its shell says may stand in front of a line.
  const said = [...stderr.matchAll(/debug1: identity file (.*) type -?\d+\r?$/gm)];
  return said.map(([, path = '']) => path).filter((path) => !path.endsWith('-cert'));
}

/** A file of the folder that ssh uses, which `ssh -G` leaves as "~/.ssh". */
export function inFolder(path: string, { env, platform }: Io): string {
  return path.startsWith('~/.ssh/') ? join(sshFolder(env, platform), path.slice('~/.ssh/'.length)) : path;
}

function publicFile(file: string): string {
  return file.endsWith('.pub') ? file : `${file}.pub`;
}

async function settingsOf(host: string, io: Io, signal: AbortSignal, configFile?: string): Promise<string> {
  const { code, stdout, stderr } = await asked({ host, configFile, flags: ['-G'] }, io, signal);
  if (code === 0) return stdout;
  signal.throwIfAborted();
  throw new ConnectError('connect', host, {
    code: 'NOT_RUN',
    problem: `ssh -G does not read its configuration: ${firstMessage(stderr) ?? 'it did not end'}`,
    hint: refusalFix(stderr),
  });
}

type Question = Omit<SshCommand, 'ssh'>;

/** The ssh that is typed, asked about a host. */
function asked({ host, ...question }: Question, { env }: Io, signal: AbortSignal) {
  const name = isHostName(host) ? host : slug(host);
  const words = sshCommand({ ...question, ssh: typedSsh, host: name });
  return runProgram(words, { env, signal, timeoutMs: 5000 }).catch((error: Error) => ({
    ...{ code: null, stdout: '', stderr: error.message },
  }));
}

/** On Windows an agent is no socket. */
async function agentOf(settings: string, { env, platform }: Io, signal: AbortSignal): Promise<Agent> {
  if (platform === 'win32') return { keys: await printedKeys(['ssh-add', '-L'], env, signal) };
  return askAgent(settingIn(settings, 'identityagent'), env);
}

async function printedKeys(command: readonly string[], env: Env, signal: AbortSignal) {
  const printed = await runProgram(command, { env, signal, timeoutMs: 5000 }).catch(() => undefined);
  const lines = printed?.code === 0 ? printed.stdout.split('\n') : [];
  return lines.map((line) => line.trim()).filter((line) => isKeyLine.test(line));
}

/** As ssh-add and ssh-keygen print it. */
const isKeyLine = /^(?:ssh-|ecdsa-|sk-)[\w@.-]+ [A-Za-z0-9+/]+={0,2}(?: \P{Cc}*)?$/u;

/** The public part of a private key of this user's, and whether it has a passphrase. Undefined if ssh could not use the file. */
async function privateKey(file: string, { env }: Io, signal: AbortSignal) {
  if ((await ownKeyFile(file)) === undefined) return undefined;
  const opened = publicPart(readTextIfAny(file));
  if (opened) return opened;
  const [line] = await printedKeys(['ssh-keygen', '-y', '-P', '', '-f', file], env, signal);
  return { line, asks: line === undefined };
}

/** What tells these keys from others: not their comments. */
export function blobsOf(lines: readonly string[]): readonly string[] {
  return lines.flatMap((line) => blobOf(line) ?? []);
}

async function keysIn(file: string): Promise<readonly string[]> {
  try {
    return readKeys(file);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return [];
  }
}

/** The key in a file, which is read at once. Rejects with a RangeError. */
export async function keyIn(file: string): Promise<OwnKey> {
  const [line = ''] = readKeys(file);
  // A Host is read from any folder.
  const identityFile = await ownKeyFile(resolve(file.replace(/\.pub$/, '')));
  return { line, from: file, identityFile: identityFile === resolve(file) ? undefined : identityFile };
}

/** A public key's fingerprint, "SHA256:…". */
export function printOfLine(line: string): string {
  return fingerprintOf(Buffer.from(blobOf(line) ?? '', 'base64'));
}

/** Why ssh cannot load a private key, by what its file has; undefined: that shows nothing. */
export function whyNotLoaded(path: string): NoKey | undefined {
  const text = readTextIfAny(path);
  const file = shellQuoted(path);
  if (text.startsWith('PuTTY-User-Key-File-'))
    return {
      problem: 'it is a key of PuTTY',
      fix: `puttygen ${file} -O private-openssh -o ${file}.new && mv -i ${file}.new ${file}`,
    };
  if (/^(?:ssh|ecdsa|sk)-\S+ AAAA/.test(text))
    return {
      problem: 'it is a public key',
      fix: `put the private key there, from where it was made: ${file}`,
    };
  if (text.includes('\r\n'))
    return { problem: 'its lines end as on Windows', fix: `sed -i 's/\\r$//' ${file}` };
  if (/-----END [A-Z ]+-----$/.test(text))
    return { problem: 'its last line has no end', fix: `echo >> ${file}` };
  return undefined;
}

/** Where the public key beside a private one is another's: ssh shows that, and the private one does not fit. */
export function otherPublic(path: string): NoKey | undefined {
  const own = publicPart(readTextIfAny(path))?.line;
  const shown = readTextIfAny(`${path}.pub`);
  const beside = /-cert-v01@/.test(shown) || isLink(`${path}.pub`) ? undefined : blobOf(shown);
  if (own === undefined || beside === undefined || blobOf(own) === beside) return undefined;
  const fix = `ssh-keygen -y -f ${shellQuoted(path)} > ${shellQuoted(`${path}.pub`)}`;
  return { problem: `${path}.pub is not the public key of ${path}, and ssh shows that one`, fix };
}

/** The private keys in a folder that ssh does not try: those with a public one beside them. */
export function keysBeside(folder: string, tried: readonly string[]): readonly string[] {
  const names = existsSync(folder) ? readdirSync(folder).toSorted() : [];
  const paths = names.flatMap((name) =>
    name.endsWith('.pub') ? [join(folder, name.slice(0, -'.pub'.length))] : [],
  );
  return paths.filter((path) => existsSync(path) && !tried.includes(path));
}

/** What a private key in OpenSSH's form shows of itself (its PROTOCOL.key); undefined for another form. */
function publicPart(text: string): { line: string; asks: boolean } | undefined {
  const [, base64 = ''] = /-----BEGIN OPENSSH PRIVATE KEY-----([\sA-Za-z0-9+/=]+)-----END/.exec(text) ?? [];
  const bytes = Buffer.from(base64, 'base64');
  const magic = 'openssh-key-v1\0';
  if (bytes.toString('latin1', 0, magic.length) !== magic) return undefined;
  const reader = new KeyReader(bytes.subarray(magic.length));
  try {
    // Its cipher; how a passphrase becomes a key, with options; how many keys; the first.
    const [cipher] = [reader.text().toString('latin1'), reader.text(), reader.text(), reader.number(4)];
    const line = publicLine(reader.text());
    return line === undefined ? undefined : { line, asks: cipher !== 'none' };
  } catch {
    return undefined;
  }
}

/** The key's own bytes in a line: what follows is a comment. */
function blobOf(line: string): string | undefined {
  return /(?:^|\s)(AAAA[A-Za-z0-9+/]+={0,2})/.exec(line)?.[1];
}
