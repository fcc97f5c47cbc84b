import { connect } from 'node:net';
import type { Env } from '../base/runtime.js';
import { KeyReader } from '../ssh/certificate.js';
import { keyTypeOf } from '../ssh/known-hosts.js';
import { fitsSocket } from '../typed/names.js';
import { shellQuoted } from '../typed/shell.js';

/** An ssh-agent, by its own words. */
export interface Agent {
  /** Lines of a public key file. */
  readonly keys: readonly string[];
  /** Why it gives none, one clause; undefined if it gives some, or if ssh asks no agent. */
  readonly problem?: string;
  /** What to do about that. */
  readonly fix?: string;
  /** It may still answer: ssh waits for it without an end. */
  readonly isSilent?: true;
  /** The variable that leads to one, where it is not set, as in cron, a unit and sudo. */
  readonly unset?: string;
}

const silentFix = 'unlock the agent or start it again; without it: ssh -o IdentityAgent=none';
const emptyFix = 'unlock it, as by ssh-add -X, and give it a key: ssh-add';
const goneFix =
  'start it and give it a key, or leave it out: unset SSH_AUTH_SOCK, or IdentityAgent none where your ssh configuration names it';

/** What lets ssh sign where it could not, by its own words; undefined: they do not say. */
export function unsignedFix(said: string): string | undefined {
  if (/agent refused operation/.test(said))
    return 'unlock the agent, and answer it where it asks, for a key with confirmation by the program of SSH_ASKPASS, and by gpg-agent after: export GPG_TTY=$(tty); gpg-connect-agent updatestartuptty /bye; or add the key without: ssh-add -d FILE, then ssh-add FILE';
  const [, file = '', why] = /^Load key "(.*)": (bad permissions|Permission denied)/m.exec(said) ?? [];
  if (why === undefined) return undefined;
  return why === 'bad permissions'
    ? `chmod 600 ${shellQuoted(file)}`
    : `sudo chown "$USER" ${shellQuoted(file)}`;
}

/** Asks the agent of ssh's `IdentityAgent` once for its keys; it signs nothing. Without that setting it is the one of SSH_AUTH_SOCK. */
export async function askAgent(identityAgent = 'SSH_AUTH_SOCK', env: Env, timeoutMs = 2000): Promise<Agent> {
  // As ssh takes it: a path, "none", "SSH_AUTH_SOCK" or "$VARIABLE".
  if (identityAgent === 'none') return { keys: [] };
  const unset =
    identityAgent === 'SSH_AUTH_SOCK' ? identityAgent : /^\$\{?(\w+)\}?$/.exec(identityAgent)?.[1];
  const path = unset === undefined ? identityAgent : env[unset];
  if (!path) return { keys: [], unset };
  const at = `the ssh-agent at ${path}`;
  if (!fitsSocket(path)) return { keys: [], problem: `${at} has too long a path`, fix: goneFix };
  try {
    const answer = await listed(path, timeoutMs);
    if (answer === undefined)
      return { keys: [], problem: `${at} does not answer`, fix: silentFix, isSilent: true };
    const keys = keysIn(answer);
    return keys.length > 0
      ? { keys }
      : { keys, problem: `${at} has no keys: it may be locked`, fix: emptyFix };
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const isGone = code === 'ENOENT' || code === 'ECONNREFUSED';
    const why = isGone ? `is gone (${code})` : `cannot be asked: ${message}`;
    return { keys: [], problem: `${at} ${why}`, fix: goneFix };
  }
}

/** SSH_AGENTC_REQUEST_IDENTITIES and its answer, without the length; see https://datatracker.ietf.org/doc/html/draft-ietf-sshm-ssh-agent. */
const request = Buffer.from([0, 0, 0, 1, 11]);
const identitiesAnswer = 12;

/** As MAX_AGENT_REPLY_LEN of ssh's authfd.c. */
const longest = 256 << 10;

/** The answer to one request; undefined if none comes in time. */
async function listed(path: string, timeoutMs: number): Promise<Buffer | undefined> {
  const socket = connect({ path });
  socket.on('error', () => {});
  let isLate = false;
  const timer = setTimeout(() => {
    isLate = true;
    socket.destroy();
  }, timeoutMs);
  let bytes = Buffer.alloc(0);
  try {
    socket.write(request);
    for await (const chunk of socket) {
      bytes = Buffer.concat([bytes, chunk]);
      const length = bytes.length < 4 ? 0 : bytes.readUInt32BE(0);
      if (length > longest) throw new Error('its answer is too long');
      if (bytes.length >= 4 && bytes.length >= 4 + length) return bytes.subarray(4, 4 + length);
    }
    throw new Error('it closed the connection');
  } catch (error) {
    if (isLate) return undefined;
    throw error;
  } finally {
    clearTimeout(timer);
    socket.destroy();
  }
}

/** Throws an Error if the agent refuses, or its answer is broken. */
function keysIn(answer: Buffer): readonly string[] {
  if (answer[0] !== identitiesAnswer) throw new Error('it refuses to list its keys');
  const reader = new KeyReader(answer.subarray(1));
  const keys: string[] = [];
  try {
    for (let left = reader.number(4); left > 0; left--) {
      // ssh leaves out a key of a kind that it does not know, too.
      const line = publicLine(reader.text(), reader.text().toString('utf8'));
      if (line !== undefined) keys.push(line);
    }
  } catch {
    throw new Error('its answer is broken');
  }
  return keys;
}

/** A public key's bytes as a line of authorized_keys; undefined if they are none. */
export function publicLine(blob: Buffer, comment = ''): string | undefined {
  const line = `${keyTypeOf(blob)} ${blob.toString('base64')}`;
  return isPublic.test(line) ? `${line} ${comment.replaceAll(/\p{Cc}+/gu, ' ')}`.trim() : undefined;
}

const isPublic = /^(?:ssh-|ecdsa-|sk-|webauthn-sk-)[\w@.-]+ AAAA[A-Za-z0-9+/]+={0,2}$/;
