/** The names that `name` may mean: itself where it is there, else all that differ in case only (ssh lower-cases %h). */
export function matchName(name: string, names: Iterable<string>): readonly string[] {
  const distinct = [...new Set(names)];
  if (distinct.includes(name)) return [name];
  return distinct.filter((each) => each.toLowerCase() === name.toLowerCase());
}
