import { ConnectError, type StartCommand } from '../../errors.js';
import { resolveTarget } from '../../kinds/kinds.js';

/** Starts a machine; `isOff` asks its manager again. */
export type StartMachine = (start: StartCommand, isOff: () => Promise<boolean>) => Promise<void>;

/**
 * `resolveTarget`, which starts a machine that its manager knows to be off, once, and then asks again: its address may be a
 * new one.
 */
export function startingResolve(
  start: StartMachine,
  resolve: typeof resolveTarget = resolveTarget,
): typeof resolveTarget {
  let isStarted = false;
  const startOnce: StartMachine = async (command, isOff) => {
    isStarted = true;
    await start(command, isOff);
  };
  return async (...asked) => {
    const offError = await resolve(...asked).catch((error) => {
      if (error instanceof ConnectError && error.start && !isStarted) return error;
      throw error;
    });
    if (!(offError instanceof ConnectError)) return withStart(offError, () => isStarted, startOnce);
    const isOff = () =>
      resolve(...asked).then(
        () => false,
        (error) => error instanceof ConnectError && error.start !== undefined,
      );
    if (offError.start) await startOnce(offError.start, isOff);
    return resolve(...asked);
  };
}

type Found = Awaited<ReturnType<typeof resolveTarget>>;

/** A machine that was looked up by its id is only known to be off once it does not answer. */
function withStart(found: Found, isStarted: () => boolean, start: StartMachine): Found {
  const { recheck } = found;
  if (!recheck) return found;
  return {
    ...found,
    async recheck() {
      const why = await recheck();
      const isOff = async () => (await recheck())?.start !== undefined;
      if (why?.start && !isStarted()) await start(why.start, isOff);
      return why;
    },
  };
}
