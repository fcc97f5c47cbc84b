import type { ConnectError } from '../base/errors.js';
import { groupBy } from '../base/group-by.js';
import type { FormatRows, Row } from '../cli/rows.js';
import type { Target } from '../kinds/kinds.js';
import type { Endpoint, RouteName } from '../typed/route.js';

export const stageNames = [
  ...(['listed', 'found', 'parsed', 'started', 'resolved', 'connected'] as const),
  ...(['banner', 'host key', 'authentication'] as const),
] as const;
export type StageName = (typeof stageNames)[number];

/** Where a check can end; "login" also looks from inside the guest. */
export const lastStages = ['resolved', 'banner', 'authentication', 'login'] as const;
export type LastStage = (typeof lastStages)[number];

export interface Stage {
  readonly stage: StageName;
  /** Milliseconds. */
  readonly ms: number;
  readonly found: string;
}

export interface CheckedRoute {
  readonly route: RouteName;
  /** The endpoint as a literal target; absent if it was not asked for. */
  readonly address?: string;
  readonly endpoint?: Endpoint;
  /** How it was found, one clause for each step. */
  readonly steps?: readonly string[];
  readonly state: 'ok' | 'failed' | 'skipped';
  /** The banner, or why the route failed or was not tried. */
  readonly found: string;
}

export interface Means {
  readonly text: string;
  /** The target that it is listed by, if it was looked up: behind a hypervisor another one than `text` may mean it. */
  readonly listed?: string;
  readonly parsed: Target;
  readonly port: number;
  /** Empty if nobody has said, and ssh was not asked. */
  readonly user: string;
  /** The machine's name, if it was found by that; undefined for a target. */
  readonly machine?: string;
  readonly endpoint?: Endpoint;
  readonly steps?: readonly string[];
  /** A private key for the login, made by the machine's manager. */
  readonly identityFile?: string;
}

export interface CheckResult {
  readonly target: string;
  /** What it stands for: a target, its port and the login user; undefined if no machine has such a name. */
  readonly means?: Means;
  readonly stages: readonly Stage[];
  readonly routes?: readonly CheckedRoute[];
  readonly error?: ConnectError;
}

/** The step of a stage, as people read it: one word, whether it went well or not. */
const stepOf: Readonly<Record<StageName, string>> = {
  ...{ listed: 'list', found: 'find', parsed: 'find', started: 'start', resolved: 'find' },
  ...{ connected: 'connect', banner: 'banner', 'host key': 'host key', authentication: 'log in' },
};

/** Where an error stopped it. */
function failedStep({ op }: ConnectError, stages: readonly Stage[]): string {
  if (op !== 'handshake') return op === 'relay' || op === 'connect' ? 'connect' : 'find';
  return stages.some(({ stage }) => stage === 'banner') ? 'host key' : 'banner';
}

/** The stages and routes; with the target's name and what stopped it, where no answer stands above. */
export function formatCheck(
  { target, stages, routes = [], error }: CheckResult,
  format: FormatRows,
  isNamed = true,
): string {
  const rows = [...groupBy(stages, ({ stage }) => stepOf[stage] ?? stage)].map(([step, all]): Row => {
    const time = all.reduce((sum, { ms }) => sum + ms, 0).toFixed(1);
    const name = `${step.padEnd(14)} ${`${time} ms`.padStart(10)}`;
    return { mark: 'ok', name, text: all.map(({ found }) => found).join('; ') };
  });
  for (const { route, state, address, found } of routes) {
    const mark = ({ ok: 'ok', failed: 'wrong', skipped: 'none' } as const)[state];
    const text = address === undefined ? found : `${address}: ${found}`;
    rows.push({ mark, name: `route ${route}`.padEnd(25), text });
  }
  if (!isNamed) return format(rows, 2);
  if (error) rows.push({ mark: 'wrong', name: failedStep(error, stages).padEnd(25), text: error.problem });
  const hint = error?.hint ? format([{ hint: error.hint }], 2) : '';
  return format([{ name: target === '' ? '""' : target }]) + format(rows, 2) + hint;
}
