import { once } from 'node:events';
import { text as textOf } from 'node:stream/consumers';
import { isJsonObject } from '../discovery/json.js';
import { ConnectError, type ConnectErrorInit, isOp, type Op } from '../errors.js';
import type { CheckResult, Stage } from './check-result.js';
import { reachArgs, startOverInterop } from './over-interop.js';
import type { ReachFlags } from './shared-options.js';

/** The stages that were passed, and what stopped the next one. */
type Outcome = Pick<CheckResult, 'stages' | 'error'>;

/** Inside WSL2: has the Windows build of vmssh go the way to a target of Windows. Throws a ConnectError. */
export async function checkOverInterop(
  program: string,
  to: { readonly text: string; readonly port: number; readonly user: string | undefined },
  options: ReachFlags,
  signal: AbortSignal,
): Promise<Outcome> {
  const { text: target, port, user } = to;
  const flags = [`--port=${port}`, ...(user === undefined ? [] : [`--user=${user}`]), ...reachArgs(options)];
  const child = await startOverInterop(program, ['check', '--json', ...flags, '--', target], target, {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const abort = () => child.kill();
  signal.addEventListener('abort', abort);
  try {
    const printed = child.stdout ? textOf(child.stdout) : '';
    await once(child, 'close');
    if (signal.aborted) {
      throw new ConnectError('connect', target, { code: 'INTERRUPTED', problem: 'interrupted' });
    }
    return parseCheck(await printed, target);
  } finally {
    signal.removeEventListener('abort', abort);
  }
}

/** Reads what `vmssh check --json` prints for one target. Throws a ConnectError. */
function parseCheck(printed: string, target: string): Outcome {
  try {
    const [{ stages, error }] = JSON.parse(printed) as [
      { stages: readonly Stage[]; error?: ConnectErrorInit & { op: Op } },
    ];
    if (!stages.every(isJsonObject)) throw new TypeError('stages');
    if (error && !isOp(error.op)) throw new TypeError('op');
    return { stages, error: error && new ConnectError(error.op, target, error) };
  } catch (cause) {
    throw new ConnectError('connect', target, {
      code: 'NOT_RUN',
      problem: `vmssh.exe of Windows printed ${JSON.stringify(printed.slice(0, 80))} instead of what it found`,
      hint: 'see whether it is of the same version: vmssh.exe --version',
      cause,
    });
  }
}
