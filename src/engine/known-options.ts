/**
 * Hands `options` on. Throws if there is one that is not among `known`: what Node would obey and this engine would leave
 * out is a mistake in this program, which must not pass unnoticed.
 */
export function knownOptions<Options extends object>(
  call: string,
  options: Options,
  known: readonly (keyof Options & string)[],
): Options {
  const unknown = Object.keys(options).find((name) => !(known as readonly string[]).includes(name));
  if (unknown !== undefined) throw new TypeError(`${call}: the engine has no option '${unknown}'`);
  return options;
}
