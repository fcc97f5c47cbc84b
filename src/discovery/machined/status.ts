import type { Deps, Status } from '../provider.js';
import type { JsonObject } from '../tools/json.js';
import type { Machine } from './machine.js';
import { type Call, call as varlinkCall } from './varlink.js';
import { VarlinkError } from './varlink-error.js';

/**
 * The status of a machine: "paused" if its own control socket says so, which systemd-vmspawn of 261 and later has. What it
 * says counts for nothing else, and without an answer the machine is running, as machined has it.
 */
export async function statusOf(
  { controlAddress }: Machine,
  { signal, timeoutMs = longest }: Deps,
  call: Call = varlinkCall,
): Promise<Status> {
  if (controlAddress === undefined) return 'running';
  const options = { signal, timeoutMs: Math.min(timeoutMs, longest), limits };
  const ask = (method: string) => call(controlAddress, `io.systemd.MachineInstance.${method}`, {}, options);
  try {
    const [answer] = await ask('Describe').catch((error) => {
      // Its name in 261.
      if (error instanceof VarlinkError && error.code.endsWith('.MethodNotFound')) return ask('QueryStatus');
      throw error;
    });
    return isPaused(answer) ? 'paused' : 'running';
  } catch {
    // Also if the time of the whole list is over: the machine is listed all the same.
    return 'running';
  }
}

function isPaused(answer: JsonObject | undefined): boolean {
  return answer?.running === false && answer.status === 'paused';
}

/** For a machine's answer, which a login waits for. Milliseconds. */
const longest = 1000;

const limits = { frameBytes: 1 << 16, totalBytes: 1 << 17, replies: 1 };
