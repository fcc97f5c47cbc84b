import { uriOf } from '../../sources/libvirt/libvirt.js';
import { type Deps, DiscoveryError } from '../../sources/provider.js';
import { isJsonObject, parseJson } from '../../sources/tools/json.js';
import { parseGuid } from '../../target/guid.js';
import type { ReachedMachine } from '../record.js';
import { type MachineFiles, maxKeyText, printed, readInTurn } from './machine-files.js';

/**
 * The files of a libvirt domain, by the agent of QEMU in it (https://qemu.org/docs/master/interop/qemu-ga-ref.html): over a port that
 * only this machine and its libvirtd have, and that only its root opens. Images such as those of Fedora switch this off.
 */
export function guestAgentFiles(
  { uuid = '', authority }: ReachedMachine,
  deps: Deps,
): MachineFiles | undefined {
  const domain = parseGuid(uuid);
  if (domain === undefined) return undefined;
  const uri = uriOf({ scope: authority === 'user' ? 'user' : 'system' });
  const where = ['--quiet', '--connect', uri, 'qemu-agent-command', '--timeout', agentSeconds, '--domain'];
  const ask: Ask = async (execute, args) => {
    const question = JSON.stringify({ execute, arguments: args });
    return readAnswer(await printed(['virsh', ...where, domain, question], deps));
  };
  return {
    // The agent does one thing at a time.
    read: (paths, isEnough) => readInTurn(paths, (path) => readFile(path, ask), isEnough),
  };
}

/** For one command. */
const agentSeconds = '2';

/** Resolves to the result of a command; undefined if the agent refused it, or is not there. */
type Ask = (execute: string, args: Readonly<Record<string, string | number>>) => Promise<unknown>;

async function readFile(path: string, ask: Ask): Promise<readonly string[]> {
  const handle = await ask('guest-file-open', { path, mode: 'r' });
  if (!Number.isSafeInteger(handle)) return [];
  const file = { handle: Number(handle) };
  try {
    const part = await ask('guest-file-read', { ...file, count: maxKeyText });
    const text = isJsonObject(part) ? part['buf-b64'] : undefined;
    return typeof text === 'string' ? [Buffer.from(text, 'base64').toString('latin1')] : [];
  } finally {
    await ask('guest-file-close', file);
  }
}

function readAnswer(text: string): unknown {
  if (text.trim() === '') return undefined;
  try {
    const answer = parseJson(text);
    return isJsonObject(answer) ? answer.return : undefined;
  } catch (cause) {
    throw new DiscoveryError('PROTOCOL', 'the answer of the guest agent is not JSON', { cause });
  }
}
