interface Rules {
  readonly sep: '/' | '\\';
  readonly delimiter: ':' | ';';
  isSeparator(character: string | undefined): boolean;
  /** Where a path falls into names. */
  readonly separator: string | RegExp;
  split(path: string): Root;
  same(one: string, other: string): boolean;
}

/** A path in parts: "C:", whether a separator follows, and the rest. */
interface Root {
  readonly device: string;
  readonly rooted: boolean;
  readonly rest: string;
}

/** The used part of node:path of one system. */
function flavour(rules: Rules) {
  const { sep, delimiter, isSeparator, separator, split, same } = rules;
  const namesOf = (path: string) => path.split(separator).filter((name) => name !== '');
  const rootOf = ({ device, rooted }: Omit<Root, 'rest'>) => device + (rooted ? sep : '');
  const before = (path: string) => beforeLast(path, rules);
  const basename = (path: string, suffix = '') => {
    const base = namesOf(split(path).rest).at(-1) ?? '';
    if (suffix !== '' && path === suffix) return '';
    return base !== suffix && base.endsWith(suffix) ? base.slice(0, base.length - suffix.length) : base;
  };

  const normalize = (path: string) => {
    if (path === '') return '.';
    // Most have nothing to remove, and each login makes some.
    if (sep === '/' && path.startsWith(sep) && !path.includes('//') && !path.includes('/.')) return path;
    const root = split(path);
    const tail = flat(namesOf(root.rest), root.rooted).join(sep);
    const ending = root.rest !== '' && isSeparator(root.rest.at(-1)) ? sep : '';
    if (tail === '') return root.rooted ? rootOf(root) : `${root.device}.${ending}`;
    return rootOf(root) + tail + ending;
  };

  const join = (...paths: string[]) => {
    const given = paths.filter((path) => path !== '');
    const joined = given.join(sep);
    // Two separators at the start would make it a UNC path, though the first part was none.
    const server = split(given[0] ?? '').device.length > 2;
    return normalize(sep === '\\' && !server ? joined.replace(/^[\\/]{2,}/, '\\') : joined);
  };

  const resolve = (...paths: string[]) => {
    let device = '';
    let rooted = false;
    let names: readonly string[] = [];
    // The working folder may have been removed: it counts only for a path that needs it.
    for (const path of [undefined, ...paths].reverse()) {
      const root = split(path ?? process.cwd());
      if (device !== '' && root.device !== '' && !same(device, root.device)) continue;
      if (!rooted) names = [...namesOf(root.rest), ...names];
      rooted ||= root.rooted;
      device ||= root.device;
      if (rooted && (device !== '' || sep === '/')) break;
    }
    return rootOf({ device, rooted }) + flat(names, rooted).join(sep) || '.';
  };

  const relative = (from: string, to: string) => {
    const [one, other] = [split(resolve(from)), split(resolve(to))];
    if (!same(one.device, other.device)) return resolve(to);
    const [ones, others] = [namesOf(one.rest), namesOf(other.rest)];
    const differs = ones.findIndex((name, at) => !same(name, others[at] ?? ''));
    const common = differs < 0 ? ones.length : differs;
    return [...ones.slice(common).map(() => '..'), ...others.slice(common)].join(sep);
  };

  return {
    ...{ sep, delimiter, normalize, join, resolve, relative, basename },
    isAbsolute: (path: string) => split(path).rooted,
    dirname: (path: string) => before(path) ?? '.',
    extname: (path: string) => {
      const base = basename(path);
      return (base !== '..' && /.(\.[^.]*)$/s.exec(base)?.[1]) || '';
    },
    parse: (path: string) => ({ root: path.slice(0, path.length - split(path).rest.length) }),
  };
}

/** Removes "." and resolves ".."; one that leads above the start is kept if the path is relative. */
function flat(names: readonly string[], rooted: boolean): readonly string[] {
  const kept: string[] = [];
  for (const name of names) {
    if (name === '.') continue;
    if (name !== '..') kept.push(name);
    else if (kept.length > 0 && kept.at(-1) !== '..') kept.pop();
    else if (!rooted) kept.push('..');
  }
  return kept;
}

/** Everything before the last name; undefined if there is nothing. */
function beforeLast(path: string, { split, isSeparator }: Rules): string | undefined {
  const { rest } = split(path);
  let end = rest.length;
  while (end > 0 && isSeparator(rest[end - 1])) end--;
  while (end > 0 && !isSeparator(rest[end - 1])) end--;
  if (end > 0) end--; // only one separator, as in Node
  const length = path.length - rest.length + end;
  return length === 0 ? undefined : path.slice(0, length);
}

const posix = flavour({
  sep: '/',
  delimiter: ':',
  separator: '/',
  isSeparator: (character) => character === '/',
  split: (path) => {
    const rooted = path.startsWith('/');
    return { device: '', rooted, rest: rooted ? path.slice(1) : path };
  },
  same: (one, other) => one === other,
});

/** "C:", "\\server\share", or neither. */
const deviceForm = /^(?:([a-z]:)|[\\/]{2}([^\\/]+)[\\/]+([^\\/]+))/i;

const win32 = flavour({
  sep: '\\',
  delimiter: ';',
  separator: /[\\/]/,
  isSeparator: (character) => character === '\\' || character === '/',
  split: (path) => {
    const [whole = '', drive, server, share] = deviceForm.exec(path) ?? [];
    const after = path.slice(whole.length);
    const separated = /^[\\/]/.test(after);
    return {
      device: drive ?? (whole === '' ? '' : `\\\\${server}\\${share}`),
      rooted: separated || server !== undefined,
      rest: separated ? after.slice(1) : after,
    };
  },
  same: (one, other) => one.toLowerCase() === other.toLowerCase(),
});

const own = process.platform === 'win32' ? win32 : posix;

export { posix, win32 };
export const { sep, delimiter, normalize, join, resolve, isAbsolute } = own;
export const { relative, dirname, basename, extname, parse } = own;
export default { ...own, posix, win32 };
