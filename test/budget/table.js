/** @import { ByName, Counted, Table } from './types.js' */

/** A path may take so much more than its row says: a share; of system calls two, if that is more, as what waits asks once more by chance. */
const allowed = { share: 0.01, calls: 2 };

/** What was counted beside the table, a line for each row. @param {Table} table @param {Readonly<Record<string, Counted>>} found */
export function asText({ rows }, found) {
  const lines = Object.entries(found).map(([id, counted]) => {
    const row = rows[id];
    const cells = measured(counted).map(({ name, value }) => cell(value, row?.[name]));
    return `${id.padEnd(24)}${cells.join('')}`;
  });
  return [`${''.padEnd(24)}${'instructions'.padStart(24)}${'system calls'.padStart(24)}`, ...lines].join(
    '\n',
  );
}

/** @param {number} value @param {number | undefined} limit */
function cell(value, limit) {
  const share = limit === undefined ? 'new' : `${(100 * (value / limit - 1)).toFixed(2)} %`;
  return `${value.toLocaleString('en')} (${share})`.padStart(24);
}

/** The rows that took too much, or have no limit. @param {Table} table @param {Readonly<Record<string, Counted>>} found */
export function missed({ rows }, found) {
  return Object.entries(found)
    .filter(([id, counted]) =>
      measured(counted).some(({ name, value }) => {
        const limit = rows[id]?.[name] ?? 0;
        const least = name === 'calls' ? allowed.calls : 0;
        return limit === 0 || value > limit + Math.max(least, limit * allowed.share);
      }),
    )
    .map(([id]) => id);
}

/** @param {Counted} counted */
export function measured({ instructions, calls }) {
  return /** @type {const} */ ([
    { name: 'instructions', value: instructions },
    { name: 'calls', value: sum(calls) },
  ]);
}

/** What a row took more than before, most first. @param {string} id @param {Details | undefined} before @param {Details} now */
export function grown(id, before, now) {
  const parts = [
    more('system calls', before?.calls, now.calls, 1),
    more('instructions of the engine and of C++', before?.functions, now.functions, 500),
    more('steps of JavaScript', before?.steps, now.steps, 10),
  ];
  return [`${id}: more than before`, ...parts.flat()].join('\n');
}

/** @typedef {Readonly<Record<'calls' | 'functions' | 'steps', ByName>>} Details by the names of system calls, of C's functions and of JavaScript's */

/** @param {string} what @param {ByName} before @param {ByName} now @param {number} least */
function more(what, before = {}, now, least) {
  const all = Object.entries(now)
    .map(([name, value]) => ({ name, value, by: value - (before[name] ?? 0) }))
    .filter(({ by }) => by >= least)
    .sort((a, b) => b.by - a.by);
  return all.slice(0, 12).map(({ name, value, by }) => `  ${what}: ${name} ${value} (+${by})`);
}

/** @param {ByName} all */
function sum(all) {
  return Object.values(all).reduce((total, each) => total + each, 0);
}
