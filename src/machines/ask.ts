import { randomBytes } from 'node:crypto';
import { ConnectError } from '../base/errors.js';
import { fewAtATime } from '../base/group-by.js';
import type { Here } from '../base/runtime.js';
import { runHop, scriptCommand, sharedLogin, whySshFailed } from '../connect/via/hop-command.js';
import { sharedSettings, sharingLogins } from '../connect/via/shared-login.js';
import { asTarget } from '../kinds/kinds.js';
import { maxHops } from '../kinds/via.js';
import type { ProgramEnd } from '../process/run-program.js';
import { sshProgram, whyNotStarted } from '../process/ssh-program.js';
import type { AllMachines } from '../sources/list-all.js';
import type { ListedMachine } from '../sources/merge.js';
import { routesTo } from '../sources/routes.js';
import { type Deps, DiscoveryError, statuses } from '../sources/source.js';
import type { JsonObject } from '../sources/tools/json.js';
import type { ListAnswer } from '../sources/tools/row-limits.js';
import { answerIn, isTooLong, maxCharacters, readList, shortText } from '../sources/tools/row-limits.js';
import { parseUuid } from '../typed/numbers.js';
import script from './list-there.sh';

/** How many hypervisors are asked at once: each is an ssh. */
const atOnce = 32;

/** Asks hypervisors side by side. `onAnswer` gets each one's answer as it comes; the result is in the order of `hosts`. */
export async function askAll(
  hosts: readonly string[],
  io: Here,
  options: AskOptions = {},
  onAnswer: (listing: HostListing) => void = () => {},
): Promise<readonly HostListing[]> {
  const { beforeQuestion } = options;
  const ask = async (host: string) => {
    const listing = await askHost(host, io, options);
    if (!beforeQuestion || !isRefused(listing)) onAnswer(listing);
    return listing;
  };
  const listings = await fewAtATime(hosts, atOnce, ask, options.signal);
  if (!beforeQuestion || !listings.some(isRefused)) return listings;
  beforeQuestion();
  // Perhaps only since nothing was asked.
  const refused = listings.filter(isRefused).map(({ host }) => host);
  return sharingLogins(refused, io, (env, entered) => {
    const again = async (listing: HostListing) => {
      if (!isRefused(listing)) return listing;
      const now = entered.has(listing.host) ? await askHost(listing.host, { ...io, env }, options) : listing;
      onAnswer(now);
      return now;
    };
    return fewAtATime(listings, atOnce, again, options.signal);
  });
}

function isRefused({ error }: HostListing): boolean {
  return error?.code === 'HOP_FAILED' && error.problem.includes('Permission denied');
}

export interface HostListing extends AllMachines {
  readonly host: string;
  /** Why there is no answer. */
  readonly error?: ConnectError;
}

/** How long the login and the list there may take. Milliseconds. */
const limitMs = 20_000;
/** The longest answer of a hypervisor. Bytes. */
const maxAnswer = 8 << 20;

/** The machines of a hypervisor, by the vmssh there, in one login that asks nothing. Rejects only if `signal` is aborted. */
async function askHost(
  host: string,
  { env, platform }: Here,
  { args = [], signal, timeoutMs = limitMs }: AskOptions = {},
): Promise<HostListing> {
  const marker = `vmssh-${randomBytes(16).toString('hex')}`;
  const ssh = sshProgram({ env, platform });
  const command = scriptCommand(script, [marker, ...args]);
  try {
    const settings = sharedSettings(host, env);
    const end = await runHop(
      { ssh, host, command, settings },
      { env, signal, timeoutMs, longest: maxAnswer },
    );
    signal?.throwIfAborted();
    return { host, ...outcome(host, end, marker) };
  } catch (error) {
    signal?.throwIfAborted();
    const why = () => whyNotStarted(ssh[0], error as NodeJS.ErrnoException, { env, platform });
    const failure =
      error instanceof ConnectError ? error : new ConnectError('connect', host, { code: 'NO_SSH', ...why() });
    return { host, machines: [], warnings: [], error: failure };
  }
}

export interface AskOptions extends Pick<Deps, 'signal' | 'timeoutMs'> {
  /** ssh may ask its user something, after this. */
  readonly beforeQuestion?: (() => void) | undefined;
  /** Options of vmssh list. */
  readonly args?: readonly string[];
}

function outcome(host: string, end: ProgramEnd, marker: string): AllMachines {
  const at = end.stdout.indexOf(`${marker}\n`);
  const fail = (code: string, problem: string, hint?: string) =>
    new ConnectError('connect', host, { code, problem, hint });
  if (end.stopped === 'timeout') throw fail('HOP_SILENT', 'it did not answer in time', `ssh -v ${host} true`);
  if (end.stopped) throw fail('PROTOCOL', `it printed more than ${maxAnswer >> 20} MiB`);
  if (at < 0) {
    const why = whySshFailed(end);
    const isAsked = /Permission denied \([^)]*\b(keyboard-interactive|password)\b/.test(why);
    const shared = `let it ask you once, with ${sharedLogin(host)}: ssh ${host} true`;
    const itself = `it must work without vmssh and without a question: ssh ${host} true`;
    throw fail('HOP_FAILED', why, isAsked ? shared : itself);
  }
  if (end.code === 127)
    throw fail(
      'HOP_NO_VMSSH',
      'it has no vmssh',
      `ssh ${host} mkdir -p .local/bin && scp vmssh ${host}:.local/bin/`,
    );
  return answered(host, end.stdout.slice(at + marker.length + 1), fail);
}

/** The machines in what `vmssh list --json` printed on a hypervisor. Throws what `fail` makes. */
export function answered(
  host: string,
  text: string,
  fail: (code: string, problem: string, hint?: string) => ConnectError,
  workedMs?: () => number,
): AllMachines {
  const provider = `via/${host}`;
  return readList(opened(text, fail), {
    who: 'a hypervisor',
    machineOf: (row) => remoteMachine(host, row),
    providerOf: (row) => ownerOf(provider, row),
    provider,
    workedMs,
  });
}

function ownerOf(hypervisor: string, row: JsonObject): string {
  const provider = providerOf(row);
  return provider === undefined ? hypervisor : `${hypervisor}/${provider}`;
}

function opened(text: string, fail: Parameters<typeof answered>[2]): ListAnswer {
  try {
    return answerIn(text);
  } catch (error) {
    if (!(error instanceof DiscoveryError)) throw error;
    if (error.code === 'FAILED') throw fail('UNKNOWN', `its vmssh: ${error.message}`);
    const problem = 'this vmssh does not understand the answer of its vmssh';
    throw fail('PROTOCOL', problem, 'use the same version on both');
  }
}

/** The other targets of one machine. */
const maxOthers = 16;

/** A machine of a hypervisor, or why it cannot be shown, in our own words. */
function remoteMachine(host: string, json: JsonObject): ListedMachine | string {
  const { also: others = [] } = json;
  const also = Array.isArray(others) ? others.slice(0, maxOthers + 1) : [];
  if ([json.name, json.target, json.address, json.user, ...also].some(isTooLong))
    return `a text has more than ${maxCharacters} characters`;
  if (also.length > maxOthers) return `it has more than ${maxOthers} other targets`;
  const name = shortText(json.name);
  const there = shortText(json.target);
  const provider = providerOf(json);
  const status = statuses.find((each) => each === json.status);
  if (name === undefined || there === undefined || provider === undefined || status === undefined)
    return 'the name, target, provider or status is missing or unknown';
  const behind = (text: unknown) => {
    const target = `via/${host}/${text}`;
    return typeof text === 'string' && asTarget(target) !== undefined ? target : undefined;
  };
  const target = behind(there);
  if (target === undefined) return `its target is invalid, or has more than ${maxHops} hypervisors`;
  const isCid = typeof json.cid === 'number' && Number.isInteger(json.cid) && json.cid >= 0;
  return {
    name,
    target,
    provider,
    part: shortText(json.part),
    status,
    via: host,
    also: also.flatMap((each) => behind(each) ?? []),
    cid: isCid ? (json.cid as number) : undefined,
    uuid: parseUuid(shortText(json.uuid) ?? ''),
    routes: routesTo([shortText(json.address)]),
    user: shortText(json.user),
    ...(json.authority === 'other' ? { authority: 'other' } : {}),
  };
}

function providerOf({ provider }: JsonObject): string | undefined {
  return /^[a-z][a-z0-9-]*$/.exec(shortText(provider, 64) ?? '')?.[0];
}
