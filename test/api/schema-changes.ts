/** A JSON schema, as docs/reference/json.schema.json has it: what it uses of the language, and no more. */
export interface Schema {
  readonly $ref?: string;
  readonly $defs?: Readonly<Record<string, Schema>>;
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
  readonly type?: string | readonly string[];
  readonly const?: unknown;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly items?: Schema;
}

/**
 * What a program that reads the JSON of `then` can miss in that of `now`: fields that are gone or may be absent, and other types.
 * New fields and new kinds of objects are no change for it. Each change is "list.machines[].name: is gone".
 */
export function schemaChanges(then: Schema, now: Schema): readonly string[] {
  /** What each object was compared with: a definition may contain itself. */
  const compared = new Map<Schema, Set<Schema>>();
  return [...new Set(changes(then, now, ''))];

  function changes(old: Schema, current: Schema, at: string): readonly string[] {
    const [before, after] = [resolved(old, then), resolved(current, now)];
    const branches = choices(before, then);
    if (branches.length > 1 || choices(after, now).length > 1)
      return ofChoices(branches, choices(after, now), at);
    const [was, is] = [before, after].map(({ type = 'anything' }) => String(type));
    if (was !== is) return [`${at}: was ${was}, is ${is}`];
    return [...ofFields(before, after, at), ...ofItems(before, after, at)];
  }

  /** Each kind of object is found again by the constants in it: its "command", "family" or "event". */
  function ofChoices(before: readonly Schema[], after: readonly Schema[], at: string): readonly string[] {
    return before.flatMap((branch) => {
      const name = constants(branch);
      const same = after.filter((each) => constants(each) === name);
      const place = at === '' ? name : `${at}(${name})`;
      const found = same.map((each) => ofFields(branch, each, place));
      if (found.length === 0) return [`${place}: is gone`];
      return found.reduce((least, each) => (each.length < least.length ? each : least));
    });
  }

  function ofFields(before: Schema, after: Schema, at: string): readonly string[] {
    const others = compared.get(before) ?? new Set();
    if (others.has(after)) return [];
    compared.set(before, others.add(after));
    return Object.entries(before.properties ?? {}).flatMap(([name, old]) => {
      const place = at === '' ? name : `${at}.${name}`;
      const current = after.properties?.[name];
      if (current === undefined) return [`${place}: is gone`];
      const mayLack = before.required?.includes(name) && !after.required?.includes(name);
      return [...(mayLack ? [`${place}: may be absent`] : []), ...changes(old, current, place)];
    });
  }

  function ofItems(before: Schema, after: Schema, at: string): readonly string[] {
    if (before.items === undefined) return [];
    return after.items === undefined ? [`${at}[]: is gone`] : changes(before.items, after.items, `${at}[]`);
  }
}

function resolved(schema: Schema, root: Schema): Schema {
  const name = schema.$ref?.replace('#/$defs/', '');
  if (name === undefined) return schema;
  const found = root.$defs?.[name];
  if (found === undefined) throw new Error(`${schema.$ref} is not in the schema`);
  return resolved(found, root);
}

/** The kinds of objects that a schema allows, also those of kinds of kinds. */
function choices(schema: Schema, root: Schema): readonly Schema[] {
  const direct = schema.anyOf ?? schema.oneOf;
  return direct ? direct.flatMap((each) => choices(resolved(each, root), root)) : [schema];
}

/** The constants of an object, but for what every answer has: "list", "unix", "forward closed". */
function constants({ properties = {}, type }: Schema): string {
  const own = Object.entries(properties).filter(([name]) => name !== 'version');
  const values = own.flatMap(([, { const: value }]) => (value === undefined ? [] : [String(value)]));
  return values.join(' ') || String(type ?? 'anything');
}
