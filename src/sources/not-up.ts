import { ConnectError, type ConnectErrorInit, quote, type StartCommand } from '../base/errors.js';
import type { Here } from '../base/runtime.js';
import type { Route } from '../typed/route.js';
import { shellLine, shellOf, startLine } from '../typed/shell.js';
import { searchWordsOf } from './no-machine.js';
import { addressRoute } from './routes.js';
import type {
  Deps,
  DiscoveredMachine,
  MachineState,
  Reachable,
  Recheck,
  ResolveContext,
  Source,
} from './source.js';
import { DiscoveryError, mayBeUp } from './source.js';

/** Why a container that seems to be up may not answer. Throws a ConnectError if the machine is off, with the command that starts it. */
export async function troubleOf(machine: DiscoveredMachine, source: Source, context: ResolveContext) {
  const start = await source.start?.(machine, context.env);
  const off = whyOff(machine, start, context);
  if (off) throw notFound(context, start ? off : { ...off, hint: source.hints?.start ?? off.hint });
  const { restarts } = machine.container ?? {};
  if (restarts === undefined) return undefined;
  const line = start?.log && shellLine(start.log, shellOf(context));
  return { problem: restarts, hint: line ? `see why it ends: ${line}` : 'see why it ends' };
}

export function withoutRoute(
  machine: DiscoveredMachine,
  source: Source,
  context: ResolveContext,
  trouble: Reachable['trouble'],
): ConnectError {
  const { name, status, provider } = machine;
  if (status === 'starting')
    return notFound(context, {
      ...{ problem: `${quote(name)} is starting, and has no address yet`, hint: 'use --wait until it is up' },
      ...(trouble && { problem: `${quote(name)} is not up: ${trouble.problem}`, hint: trouble.hint }),
    });
  const { unknown } = searchWordsOf(source).hints;
  return notFound(context, {
    problem: `${provider} knows ${quote(name)}, but neither its vsock CID nor an address`,
    hint: source.hints?.address?.(machine) ?? (source.listCommand ? `is it up? ${unknown}` : unknown),
  });
}

/** Why a machine that is off, paused or saved does not answer, and how it is started; undefined if it may be up. */
export function whyOff(
  { name, status }: MachineState,
  start: StartCommand | undefined,
  context: Here & { readonly text: string },
): Recheck | undefined {
  if (mayBeUp({ status })) return undefined;
  const problem = `${quote(name)} is ${status}`;
  const isKept = status === 'paused' || status === 'saved';
  if (!start) return { problem, hint: `vmssh cannot ${isKept ? 'resume' : 'start'} it: its manager can` };
  const shell = shellOf(context);
  const line = startLine(start, shell);
  if (status === 'stopping') return { problem, hint: `wait until it is off, then ${line}` };
  return { problem, hint: line, start };
}

/** For asking a manager. Milliseconds. */
const maxMs = 20_000;

/** The route to an IP address for which its source has to be asked. Throws a ConnectError. */
export async function askIp(
  ask: (deps: Deps) => Promise<string | undefined>,
  { title, hints }: Source,
  context: ResolveContext,
  leftMs = maxMs,
): Promise<Route> {
  const address = await ask({ ...context, timeoutMs: Math.min(leftMs, maxMs) }).catch((cause) => {
    context.signal?.throwIfAborted();
    if (!(cause instanceof DiscoveryError)) throw cause;
    const problem = `its IP address could not be asked for: ${cause.message}`;
    throw notFound(context, { problem, hint: cause.hint, cause });
  });
  if (address !== undefined) return addressRoute(address, context);
  throw notFound(context, {
    problem: `${title} has no IP address for it`,
    hint: hints?.ip ?? 'use --wait if it is booting, or another route: vmssh check --until resolved',
  });
}

type Reason = Omit<ConnectErrorInit, 'code'>;

function notFound({ text }: ResolveContext, why: Reason): ConnectError {
  return new ConnectError('resolve', text, { code: 'NOT_FOUND', ...why });
}
