import { toDuplex } from '../deliver/duplex.js';
import { ConnectError } from '../errors.js';
import { type Reached, reach } from '../reach.js';
import { awaitBanner } from '../ssh/await-banner.js';
import { probe } from '../ssh/probe.js';
import type { Io } from './command.js';
import type { ReachFlags } from './shared-options.js';
import { stepTrace } from './trace.js';

/** The stages of a check, in order. */
export type StageName = 'parsed' | 'resolved' | 'connected' | 'banner' | 'host key' | 'authentication';

export interface Stage {
  readonly stage: StageName;
  /** Milliseconds. */
  readonly ms: number;
  readonly found: string;
}

export interface CheckResult {
  readonly target: string;
  /** The stages that were passed. */
  readonly stages: readonly Stage[];
  /** What stopped the stage after them. */
  readonly error?: ConnectError | undefined;
}

export interface CheckTargetOptions extends ReachFlags {
  readonly port: number;
  readonly user: string;
}

/** Goes the whole way to one target and notes each stage; `onStage` is told what comes next. Throws nothing of op's. */
export async function checkTarget(
  target: string,
  options: CheckTargetOptions,
  io: Io,
  signal: AbortSignal,
  onStage: (next: string) => void = () => {},
  now: () => number = () => performance.now(),
): Promise<CheckResult> {
  const stages: Stage[] = [];
  let last = now();
  const pass = (stage: StageName, found: string) => {
    const time = now();
    stages.push({ stage, ms: Math.round((time - last) * 10) / 10, found });
    last = time;
  };
  let reached: Reached | undefined;
  try {
    const { port, timeoutMs, waitMs, user } = options;
    const verbose = stepTrace(io, options.verbose);
    reached = await reach(target, {
      ...{ port, timeoutMs, waitMs, signal, env: io.env, platform: io.platform },
      trace(step, outcome) {
        verbose?.(step, outcome);
        if (step === 'wait') return onStage(outcome);
        const name = step === 'parse' ? 'parsed' : step === 'resolve' ? 'resolved' : 'connected';
        forget(stages, name);
        pass(name, outcome);
      },
    });
    onStage('waiting for the banner');
    pass('banner', await awaitBanner(reached.connection, target, timeoutMs, signal));
    onStage('SSH handshake');
    const { hostKey, methods } = await probe(toDuplex(reached.connection), {
      target,
      user,
      timeoutMs,
      signal,
    });
    pass('host key', `${hostKey.type} ${hostKey.fingerprint}`);
    pass('authentication', `${methods.join(', ')} for ${user}`);
    return { target, stages };
  } catch (error) {
    if (!(error instanceof ConnectError)) throw error;
    return { target, stages, error };
  } finally {
    reached?.connection.close();
  }
}

/** With --wait a stage may be passed again in the next try: the last one counts. */
function forget(stages: Stage[], name: StageName): void {
  const at = stages.findIndex(({ stage }) => stage === name);
  if (at >= 0) stages.splice(at);
}
