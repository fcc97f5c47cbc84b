const isRoot = process.getuid?.() === 0;

/** For spawn: options that start a program as a user who is neither this one nor a system user; {} if only root could. */
export const otherUser = isRoot ? { uid: 54_321, gid: 54_321 } : {};

/** Why a suite that needs other users cannot run, with the remedy; undefined for root. */
export function missingRoot(suite: string): string | undefined {
  if (isRoot) return undefined;
  const reason = `${suite} needs other users: run the tests as root`;
  console.warn(`skipped: ${reason}`);
  return reason;
}
