/** @import { Run } from './types.js' */

/** All runs, for `--help` without a name. @param {readonly Run[]} runs */
export function tableOfRuns(runs) {
  return `Usage: npm run SCRIPT -- [options]
       node test/runs/run.js NAME [options]

${columns([['name', 'script', 'what it does'], ...runs.map(({ name, script, summary }) => [name, script, summary])])}

Each says with --help what can be chosen.

Examples:
${columns(runs.flatMap((run) => examplesOf(run).slice(0, 1)))}`;
}

/**
 * One run, with all that can be chosen.
 * @param {Run} run
 * @param {readonly string[]} [names]
 */
export function helpOf(run, names) {
  const { script, about, needs, builds, options, rest, writes } = run;
  const named = run.names ? ` [${run.names.what.toUpperCase()}…]` : '';
  const own = Object.entries(options).map(([name, { takes, says }]) => [
    `--${name}${takes ? ` ${takes}` : ''}`,
    says,
  ]);
  const rows = [
    ...own,
    ['--write', `writes ${writes}`],
    ...(builds.length > 0
      ? [['--no-build', `takes dist/ as it is: without it, ${builds.join(' and ')}`]]
      : []),
  ];
  return `${[
    `Usage: npm run ${script} --${named} [options]${rest ? ` [-- ${rest.toUpperCase()}…]` : ''}`,
    about,
    ...(names ? [`Each ${run.names?.what}, or several by how their names begin: ${names.join(', ')}.`] : []),
    columns(rows),
    ...needsOf(needs),
    `Examples:\n${columns(examplesOf(run))}`,
    'Exit codes: 0 nothing failed; 1 something did, or is missing here; 2 wrong usage; 130, 143 ended by a signal.',
  ].join('\n\n')}\n\nAll runs: node test/runs/run.js --help`;
}

/** @param {Run['needs']} needs */
function needsOf({ system, programs = {}, better }) {
  const lines = [
    ...(system === undefined ? [] : [system]),
    ...(Object.keys(programs).length > 0
      ? [`${Object.keys(programs).join(', ')}: apt-get install ${packagesOf(programs).join(' ')}`]
      : []),
  ];
  return [
    ...(lines.length > 0 ? [`Needs ${lines.join('; ')}.`] : []),
    ...(better === undefined ? [] : [better]),
  ];
}

/** Each package once. @param {Readonly<Record<string, string>>} programs */
export function packagesOf(programs) {
  return [...new Set(Object.values(programs).flatMap((each) => each.split(' ')))];
}

/** @param {Run} run */
function examplesOf({ script, examples }) {
  return Object.entries(examples).map(([args, comment]) => [
    `npm run ${script}${args === '' ? '' : ` -- ${args}`}`,
    `# ${comment}`,
  ]);
}

/** @param {readonly (readonly string[])[]} rows */
function columns(rows) {
  const widths = (rows[0] ?? []).map((_, i) => Math.max(...rows.map((row) => row[i]?.length ?? 0)));
  return rows
    .map((row) => `  ${row.map((cell, i) => cell.padEnd(widths[i] ?? 0)).join('  ')}`.trimEnd())
    .join('\n');
}
