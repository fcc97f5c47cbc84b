import { setTimeout as delay } from 'node:timers/promises';
import { now } from '../../base/runtime.js';
import type { ProgramOutput } from '../../process/run-program.js';
import { parseGuid } from '../../typed/numbers.js';
import type { Deps, MachineFiles, MachineIdentity, ReachedMachine } from '../source.js';
import { DiscoveryError, type ScriptRunner } from '../source.js';
import { isJsonObject, type JsonObject, objectAt } from '../tools/json.js';
import { maxKeyText, readInTurn } from '../tools/machine-files.js';
import { printedJson, runTool } from '../tools/run-tool.js';
import { uriOf } from './libvirt.js';

/** Resolves to an agent's "return"; undefined if it has none. Rejects with a DiscoveryError, FAILED if it or libvirt refuses. */
type AskAgent = (execute: string, args?: JsonObject, input?: string) => Promise<unknown>;

/**
 * The agent of QEMU in a domain (https://qemu.org/docs/master/interop/qemu-ga-ref.html), over a port that only its
 * libvirtd has, and that only its root opens. Undefined without a UUID. All that it says is the guest's own word.
 */
export function guestAgent(
  { uuid = '', authority }: MachineIdentity,
  deps: Deps,
  seconds = '2',
): AskAgent | undefined {
  const domain = parseGuid(uuid);
  if (domain === undefined) return undefined;
  const uri = uriOf({ scope: authority === 'user' ? 'user' : 'system' });
  const where = ['--quiet', '--connect', uri, 'qemu-agent-command', '--timeout', seconds, '--domain', domain];
  return async (execute, args = {}, input) => {
    const question = JSON.stringify({ execute, arguments: args });
    // An argument of a program has at most 128 KiB (MAX_ARG_STRLEN, execve(2)); virsh joins them with a space.
    const withInput = [`${question.slice(0, -2)},`, `"input-data":${JSON.stringify(input)}}}`];
    const words = input === undefined ? [question] : withInput;
    const answer = await runTool('virsh', [...where, ...words], deps);
    return answer.trim() === '' ? undefined : objectAt(printedJson(answer)).return;
  };
}

/** The files of a libvirt domain, by the agent of QEMU in it. Images such as those of Fedora switch this off. */
export function guestAgentFiles(machine: ReachedMachine, deps: Deps): MachineFiles | undefined {
  const ask = guestAgent(machine, deps);
  const run = agentRunner(machine, deps);
  if (!ask || !run) return undefined;
  // The agent does one thing at a time.
  const read: MachineFiles['read'] = (paths, isEnough) =>
    readInTurn(paths, (path) => readFile(path, ask), isEnough);
  return { asRoot: { by: 'agent', run }, read };
}

async function readFile(path: string, ask: AskAgent): Promise<string | undefined> {
  const handle = await ask('guest-file-open', { path, mode: 'r' }).catch(unlessRefused);
  if (!Number.isSafeInteger(handle)) return undefined;
  const file = { handle: Number(handle) };
  try {
    const part = await ask('guest-file-read', { ...file, count: maxKeyText }).catch(unlessRefused);
    const text = objectAt(part)['buf-b64'];
    return typeof text === 'string' ? Buffer.from(text, 'base64').toString('latin1') : undefined;
  } finally {
    await ask('guest-file-close', file).catch(unlessRefused);
  }
}

/** The file is not there, or the agent may not read it. */
function unlessRefused(error: unknown): undefined {
  if (!(error instanceof DiscoveryError && error.code === 'FAILED')) throw error;
}

export function agentRunner(machine: MachineIdentity, deps: Deps): ScriptRunner | undefined {
  if (guestAgent(machine, deps) === undefined) return undefined;
  return async (script, { signal, limitMs = maxMs }) => {
    const limited = { ...deps, timeoutMs: maxCommandMs, signal };
    const ask = guestAgent(machine, limited, '10') as AskAgent;
    try {
      return await runScriptBy(ask, script, now() + limitMs, signal);
    } catch (error) {
      throw error instanceof DiscoveryError ? await explained(error, ask) : error;
    }
  };
}

/** For one call of virsh, which has a limit of its own. Milliseconds. */
const maxCommandMs = 20_000;
const maxMs = 300_000;

/** More than most scripts have; in base64 it fits into an argument, and so does the rest. */
const maxInput = 90_000;

async function runScriptBy(
  ask: AskAgent,
  script: string,
  until: number,
  signal: AbortSignal | undefined,
): Promise<ProgramOutput> {
  const [input, rest] = [script.slice(0, maxInput), script.slice(maxInput)];
  const arg = rest === '' ? ['-s'] : ['-c', '{ cat; printf %s "$1"; } | /bin/sh -s', 'sh', rest];
  const command = { path: '/bin/sh', arg, 'capture-output': true };
  const started = await ask('guest-exec', command, Buffer.from(input).toString('base64'));
  const { pid } = objectAt(started);
  if (!Number.isSafeInteger(pid)) throw lie('guest-exec', started);
  for (let pause = 50; ; pause = Math.min(2 * pause, 1000)) {
    const status = await ask('guest-exec-status', { pid });
    if (!isJsonObject(status) || typeof status.exited !== 'boolean') throw lie('guest-exec-status', status);
    if (status.exited) return { stdout: textIn(status, 'out'), stderr: textIn(status, 'err') };
    if (now() > until)
      throw new DiscoveryError('TIMEOUT', 'it did not end in time, and goes on in the machine');
    await delay(pause, undefined, { signal });
  }
}

function textIn(status: JsonObject, name: 'out' | 'err'): string {
  if (status[`${name}-truncated`] === true)
    throw new DiscoveryError('PROTOCOL', 'it printed more than the guest agent keeps');
  const data = status[`${name}-data`];
  return typeof data === 'string' ? Buffer.from(data, 'base64').toString() : '';
}

function lie(execute: string, answer: unknown): DiscoveryError {
  const said = JSON.stringify(answer) ?? 'nothing';
  return new DiscoveryError('PROTOCOL', `the guest agent answers ${execute} with ${said.slice(0, 80)}`);
}

/** What libvirt and qemu-ga say of versions 4 to 11, and the fix. */
const refusals = [
  {
    says: /agent is not configured/,
    problem: 'the machine has no channel for a guest agent',
    hint: "add <channel type='unix'><target type='virtio' name='org.qemu.guest_agent.0'/></channel> to its devices by virsh edit, restart it, and install qemu-guest-agent in it",
  },
  {
    says: /agent is not connected|agent disappeared/,
    problem: 'no guest agent runs in it',
    hint: 'on its console, as root: install the package qemu-guest-agent, then systemctl start qemu-guest-agent',
  },
  {
    says: /not respond|not available (?:for now|due to)|did not answer in time/,
    problem: 'its guest agent does not answer',
    hint: 'on its console, as root: systemctl restart qemu-guest-agent',
  },
  {
    says: /has been disabled|was disabled|CommandDisabled|has not been found|was not found|CommandNotFound/,
    problem: 'its guest agent may not run programs',
    hint: 'allow guest-exec and guest-exec-status on its console, as root, in /etc/sysconfig/qemu-ga (Fedora, RHEL) or in /etc/qemu/qemu-ga.conf; then systemctl restart qemu-guest-agent',
  },
];

async function explained(error: DiscoveryError, ask: AskAgent): Promise<DiscoveryError> {
  const known = refusals.find(({ says }) => says.test(error.message));
  if (known) return new DiscoveryError('NO_AGENT', known.problem, { cause: error, hint: known.hint });
  if (error.code !== 'FAILED') return error;
  const system = await ask('guest-get-osinfo').catch(() => undefined);
  if (objectAt(system).id !== 'mswindows') return error;
  return new DiscoveryError('WINDOWS', 'its guest agent is of Windows', { cause: error });
}
