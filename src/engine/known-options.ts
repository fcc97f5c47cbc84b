/** Hands `options` on. Throws for one that is not `known`: Node would obey it, so to ignore it here would be a mistake. */
export function knownOptions<Options extends object>(
  call: string,
  options: Options,
  known: readonly (keyof Options & string)[],
): Options {
  const unknown = Object.keys(options).find((name) => !(known as readonly string[]).includes(name));
  if (unknown !== undefined) throw new TypeError(`${call}: the engine has no option '${unknown}'`);
  return options;
}
