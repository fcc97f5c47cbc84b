import { createHash } from 'node:crypto';
import { hostname } from 'node:os';
import { now } from '../../clock.js';
import { type Lock, lock } from '../../files/lock.js';
import { folderAt, makeFolder } from '../../files/place.js';
import { sshFolder } from '../../ssh/folder.js';
import type { AnyTarget } from '../../target/target.js';

/** Keeps other processes of this user from starting the same machine. */
export interface StartLock {
  /** Whether another one had it: that one was starting the machine. */
  readonly wasBusy: boolean;
  release(): Promise<void>;
}

export interface StartLockOptions {
  readonly leftMs: () => number;
  readonly signal: AbortSignal;
  /** Called if it has to be waited for. */
  readonly onBusy: () => void;
}

/** For a lock that a killed process left. Milliseconds. */
const briefMs = 50;

/** Waits until nobody else starts the machine. Without a folder for it, or time, there is no lock: managers start a machine once, too. */
export async function startLock(
  target: AnyTarget,
  env: Readonly<Record<string, string | undefined>>,
  { leftMs, signal, onBusy }: StartLockOptions,
): Promise<StartLock> {
  const path = sshFolder(env);
  const name = `vmssh-start-${hash(`${hostname()} ${JSON.stringify(target)}`)}`;
  let held: Lock | undefined;
  let wasBusy = false;
  const folder = await makeFolder(path)
    .then(() => folderAt(path))
    .catch(() => undefined);
  if (folder === undefined) return { wasBusy, release: async () => {} };
  const place = { folder, name };
  const limits = { held: Number.POSITIVE_INFINITY, signal };
  try {
    held = await lock(place, now, { ...limits, wait: briefMs }).catch((error) => {
      wasBusy = error.code === 'LOCKED';
      return undefined;
    });
    if (wasBusy) {
      onBusy();
      held = await lock(place, now, { ...limits, wait: leftMs() }).catch(() => undefined);
    }
  } catch (error) {
    await folder.close();
    throw error;
  }
  return {
    wasBusy,
    async release() {
      await held?.release();
      await folder.close();
    },
  };
}

function hash(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 16);
}
