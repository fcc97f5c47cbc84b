/** What rolldown and vitest need; an older 20 or 22, or a 21, may or may not work. */
const toBuild = /^(20\.(19|[2-9]\d)|22\.(1[2-9]|[2-9]\d)|2[3-9]|[3-9]\d)\./;

const hint =
  'hint: Debian 12 and Ubuntu 24.04 have 18; take Node 22 or 24 from https://nodejs.org/en/download';

/**
 * Why a version of Node cannot build vmssh, and what to do; undefined if it can.
 * @param {string} version as "20.19.2"
 */
export function nodeProblem(version) {
  if (toBuild.test(version)) return undefined;
  return `vmssh: the build needs Node 20.19, 22.12 or later, and this is ${version}\n${hint}`;
}

/** The first lines of a program in dist/: the source would fail on an older Node only later, as if by a bug. */
export const refuseOldNode = `if (/^(1?\\d|20\\.(\\d|1[0-8]))\\./.test(process.versions.node)) {
  console.error('vmssh: Node 20.19 or later is needed, and this is ' + process.versions.node + '\\n${hint}');
  process.exit(1);
}
`;
