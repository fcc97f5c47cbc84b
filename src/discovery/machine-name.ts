/** What forbids a machine's name before anybody is asked for it, one clause; undefined where nothing does. */
export function nameProblem(name: string): string | undefined {
  if (name === '') return 'the machine name is empty';
  if (/\p{Cc}/u.test(name)) return 'the machine name holds a control character';
  if (name.includes('/')) return 'the machine name holds a slash';
  if (name === '.' || name === '..') return `the machine name is "${name}"`;
  return undefined;
}

/** The names that `name` may mean: itself where it is there, else all that differ in case only (ssh lower-cases %h). */
export function matchName(name: string, names: Iterable<string>): readonly string[] {
  const distinct = [...new Set(names)];
  if (distinct.includes(name)) return [name];
  return distinct.filter((each) => each.toLowerCase() === name.toLowerCase());
}
