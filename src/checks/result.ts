import type { ChalkInstance } from 'chalk';
import { pasteable, type StartedAs } from '../cli/failure.js';
import { inLines } from '../cli/terminal.js';
import { type ConnectError, printable } from '../errors.js';
import type { Target } from '../kinds/kinds.js';
import type { Io } from '../process/io.js';
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
  ...{ listed: 'list', found: 'find', parsed: 'parse', started: 'start', resolved: 'resolve' },
  ...{ connected: 'connect', banner: 'banner', 'host key': 'host key', authentication: 'log in' },
};

/** Where an error stopped it. */
function failedStep({ op }: ConnectError, stages: readonly Stage[]): string {
  if (op !== 'handshake') return op === 'relay' ? 'connect' : op;
  return stages.some(({ stage }) => stage === 'banner') ? 'host key' : 'banner';
}

/** The stages and routes; with the target's name and what stopped it, where no answer stands above. */
export function formatCheck(
  { target, stages, routes = [], error }: CheckResult,
  style: ChalkInstance,
  io: StartedAs & Pick<Io, 'columns'>,
  isNamed = true,
): string {
  const lines = stages.map(({ stage, ms, found }) => {
    const time = `${ms.toFixed(1)} ms`.padStart(10);
    return `  ${style.green('✓')} ${printable(stepOf[stage] ?? stage).padEnd(14)} ${style.dim(time)}${beside(found, io)}`;
  });
  for (const { route, state, address, found } of routes) {
    const mark = { ok: style.green('✓'), failed: style.red('✗'), skipped: style.dim('–') }[state];
    const about = address === undefined ? found : `${address}: ${found}`;
    lines.push(`  ${mark} ${`route ${route}`.padEnd(14)} ${' '.repeat(10)}${beside(about, io)}`);
  }
  if (error && isNamed) {
    const step = failedStep(error, stages).padEnd(14);
    lines.push(`  ${style.red('✗')} ${step} ${' '.repeat(10)}${beside(error.problem, io)}`);
    if (error.hint) lines.push(`    ${style.dim('hint:')} ${printable(pasteable(error.hint, io))}`);
  }
  const name = isNamed ? `${style.bold(target === '' ? '""' : printable(target))}\n` : '';
  return `${name}${lines.map((line) => `${line}\n`).join('')}`;
}

/** The columns before what a stage found, and the room that this needs to stand beside them. */
const before = 31;
const besideFrom = 24;

/** A text after a stage's time; on a terminal it is wrapped between words, below its beginning or, on a narrow one, below the stage. */
function beside(text: string, { columns }: Pick<Io, 'columns'>): string {
  if (columns === undefined) return `  ${printable(text)}`;
  const isNarrow = columns - before < besideFrom;
  const indent = ' '.repeat(isNarrow ? 6 : before);
  const lines = inLines(printable(text), columns - indent.length);
  return `${isNarrow ? `\n${indent}` : '  '}${lines.join(`\n${indent}`)}`;
}
