import { ConnectError, type ConnectErrorInit, isOp, type Op, quote } from '../base/errors.js';
import { notStarted, reachArgs } from '../cli/reach/over-interop.js';
import type { ReachFlags } from '../cli/shared-options.js';
import type { Io } from '../process/io.js';
import { runProgram } from '../process/run-program.js';
import { isJsonObject, parseJson } from '../sources/tools/json.js';
import type { CheckResult, LastStage, Means } from './result.js';

type Outcome = Pick<CheckResult, 'stages' | 'routes' | 'error'> & Pick<Means, 'endpoint' | 'steps'>;

/** Inside WSL2: checks a target of Windows by the Windows build of vmssh. Throws a ConnectError. */
export async function checkOverInterop(
  program: string,
  to: { readonly text: string; readonly port: number; readonly user: string | undefined },
  options: ReachFlags & { readonly until?: LastStage },
  env: Io['env'],
  signal: AbortSignal,
): Promise<Outcome> {
  const { text: target, port, user } = to;
  // The login is tried from here.
  const { until = 'authentication' } = options;
  const last = `--until=${until === 'login' ? 'authentication' : until}`;
  const login = user === undefined ? [] : [`--user=${user}`];
  const flags = [last, `--port=${port}`, ...login, ...reachArgs(options)];
  const command = [program, 'check', '--json', ...flags, '--', target];
  const { stdout, stopped } = await runProgram(command, { env, signal, stderr: 'inherit' }).catch((error) => {
    throw notStarted(program, target, error);
  });
  if (stopped === 'aborted')
    throw new ConnectError('connect', target, { code: 'INTERRUPTED', problem: 'interrupted' });
  return parseCheck(stdout, target);
}

function parseCheck(printed: string, target: string): Outcome {
  try {
    const { results } = parseJson(printed) as {
      results: [
        Pick<CheckResult, 'stages' | 'routes'> &
          Pick<Means, 'endpoint' | 'steps'> & { error?: ConnectErrorInit & { op: Op } },
      ];
    };
    const [{ stages, routes = [], endpoint, steps, error }] = results;
    if (!stages.every(isJsonObject)) throw new TypeError('stages');
    if (!routes.every(isJsonObject)) throw new TypeError('routes');
    if (error && !isOp(error.op)) throw new TypeError('op');
    return { stages, routes, endpoint, steps, error: error && new ConnectError(error.op, target, error) };
  } catch (cause) {
    throw new ConnectError('connect', target, {
      code: 'NOT_RUN',
      problem: `vmssh.exe of Windows printed ${quote(printed.slice(0, 80))} instead of its result`,
      hint: 'check that it is the same version: vmssh.exe --version',
      cause,
    });
  }
}
