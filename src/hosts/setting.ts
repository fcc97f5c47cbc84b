import { flag, type Option, type OptionSpec, type RawArgs } from '../cli/command.js';
import type { JsonObject } from '../sources/tools/json.js';
import type { ConfigTextOptions } from './text.js';

/** An option of `config install` that stays in effect for later runs: all that is known of it. `Initial`: its value before it was ever given. */
export interface Setting<Value, Initial extends Value | undefined = undefined> {
  readonly options: readonly Option<unknown>[];
  /** At most one option of each group may be given. */
  readonly exclusive?: readonly (readonly OptionSpec[])[];
  /** Only for the commands that write files: config print lacks it. */
  readonly isForFiles?: true;
  /** What the arguments say; undefined: nothing, so it is as in the last run. */
  read(raw: RawArgs): Value | undefined;
  /** What is in effect, where `given` does not just replace what was before. */
  merge?(given: Value, last: Value | Initial): Value;
  /** The names of its fields in the state. Others are a newer version's, and stay. */
  readonly fields: readonly string[];
  /** The setting's fields in the state, if it is not just one that has the value. */
  format?(value: Value | Initial): JsonObject;
  /** From the state's fields. Another user's HOME may have a file with anything in it. */
  parse(kept: JsonObject): Value | Initial;
  lines?(value: Value | Initial): Partial<ConfigTextOptions>;
}

export type Table = Readonly<Record<string, Setting<unknown, unknown>>>;

export type GivenSettings<T extends Table> = {
  readonly [Name in keyof T]?: T[Name] extends Setting<infer Value, infer _> ? Value : never;
};

export type InEffect<T extends Table> = {
  readonly [Name in keyof T]: T[Name] extends Setting<infer Value, infer Initial> ? Value | Initial : never;
};

/** A setting that is on or off, by --NAME and --no-NAME; --NAME cannot be used with those of `not`. */
export function onOff<Initial extends boolean | undefined>(
  name: string,
  { on, off, not = [], initial }: { on: string; off: string; not?: readonly OptionSpec[]; initial: Initial },
): Setting<boolean, Initial> {
  const yes = flag({ long: name, summary: on });
  const no = flag({ long: `no-${name}`, summary: off });
  return {
    options: [yes, no],
    fields: [name],
    exclusive: [[yes, no], ...not.map((other) => [other, yes])],
    read: (raw) => (yes.read(raw) || no.read(raw) ? yes.read(raw) && !no.read(raw) : undefined),
    parse: ({ [name]: kept }) => (typeof kept === 'boolean' ? kept : initial),
  };
}

/** What the arguments say. Throws a UsageError. */
export function readSettings<T extends Table>(table: T, raw: RawArgs): GivenSettings<T> {
  return mapped(table, (_, setting) => setting.read(raw)) as GivenSettings<T>;
}

/** The values in effect: those that are given, completed by those that the last run kept. */
export function inEffect<T extends Table>(table: T, given: GivenSettings<T>, kept: JsonObject): InEffect<T> {
  return mapped(table, (name, { parse, merge = (now) => now }) =>
    given[name] === undefined ? parse(kept) : merge(given[name], parse(kept)),
  ) as InEffect<T>;
}

export function formatSettings<T extends Table>(table: T, values: InEffect<T>): JsonObject {
  const plain = (name: string, { fields: [field = name] }: Table[string]) => ({ [field]: values[name] });
  const kept = mapped(table, (name, each) => each.format?.(values[name]) ?? plain(name, each));
  return Object.assign({}, ...Object.values(kept));
}

export function unknownFields(table: Table, kept: JsonObject): JsonObject {
  const known = new Set(Object.values(table).flatMap(({ fields }) => fields));
  return Object.fromEntries(Object.entries(kept).filter(([name]) => !known.has(name)));
}

/** Whether nothing was ever given. */
export function isUnset(table: Table, kept: JsonObject): boolean {
  const text = (values: JsonObject) =>
    JSON.stringify({
      ...formatSettings(table, inEffect(table, {}, values)),
      ...unknownFields(table, values),
    });
  return text(kept) === text({});
}

export function settingLines<T extends Table>(table: T, values: InEffect<T>): Partial<ConfigTextOptions> {
  return Object.assign({}, ...Object.values(mapped(table, (name, { lines }) => lines?.(values[name]))));
}

function mapped(table: Table, make: (name: string, setting: Setting<unknown, unknown>) => unknown) {
  return Object.fromEntries(Object.entries(table).map(([name, setting]) => [name, make(name, setting)]));
}
