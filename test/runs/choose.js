/** @import { Choice, Option, Options, Run } from './types.js' */
import { parseArgs } from 'node:util';

/**
 * What the arguments of a run choose. Throws an error that says what is wrong with them.
 * @param {Pick<Run, 'names' | 'options' | 'rest' | 'problem'>} run
 * @param {readonly string[] | undefined} all the names that can be chosen; undefined: any text
 * @param {readonly string[]} args
 * @returns {Choice}
 */
export function choose({ names, options, rest, problem }, all, args) {
  const end = rest !== undefined && args.includes('--') ? args.indexOf('--') : args.length;
  const { values, positionals } = parseArgs({
    args: args.slice(0, end),
    options: { ...shared, ...Object.fromEntries(Object.entries(options).map(toParsed)) },
    allowPositionals: names !== undefined,
  });
  const { write = false, help = false, 'no-build': unbuilt = false, ...given } = values;
  const choice = {
    ...Object.fromEntries(
      Object.entries(given).map(([name, value]) => [name, checked(name, value, optionOf(options, name))]),
    ),
    names: namesIn(positionals, names?.what ?? '', all),
    isWhole: positionals.length === 0 && end >= args.length - 1,
    rest: args.slice(end + 1),
    build: unbuilt !== true,
    write: write === true,
    help: help === true,
  };
  const wrong = help ? undefined : problem?.(choice);
  if (wrong !== undefined) throw new Error(wrong);
  return choice;
}

const shared = /** @type {const} */ ({
  write: { type: 'boolean' },
  'no-build': { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
});

/** @param {[name: string, option: Option]} entry @returns {[string, { type: 'string' | 'boolean' }]} */
function toParsed([name, { takes }]) {
  return [name, { type: takes === undefined ? 'boolean' : 'string' }];
}

/** @param {Run['options']} options @param {string} name */
function optionOf(options, name) {
  return options[/** @type {keyof Options} */ (name)];
}

/** @param {string} name @param {unknown} value @param {Option} [option] */
function checked(name, value, { least, oneOf } = { says: '' }) {
  if (oneOf !== undefined && !oneOf.includes(String(value)))
    throw new Error(`--${name} "${value}" is not one of ${oneOf.join(', ')}`);
  if (least === undefined) return value;
  if (!/^\d+$/.test(String(value)) || Number(value) < least)
    throw new Error(`--${name} "${value}" is not a whole number from ${least}`);
  return Number(value);
}

/**
 * Each name stands for itself and for those that begin with it and "-", in the order of `all`.
 * @param {readonly string[]} given
 * @param {string} what
 * @param {readonly string[]} [all]
 */
function namesIn(given, what, all) {
  if (all === undefined) return given;
  const isMeant = (/** @type {string} */ name) => (/** @type {string} */ by) =>
    name === by || name.startsWith(`${by}-`);
  const unknown = given.find((by) => !all.some((name) => isMeant(name)(by)));
  if (unknown !== undefined) throw new Error(`no ${what} "${unknown}": one of ${all.join(', ')}`);
  return given.length === 0 ? all : all.filter((name) => given.some(isMeant(name)));
}
