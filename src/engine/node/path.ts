interface Rules {
  readonly sep: '/' | '\\';
  readonly delimiter: ':' | ';';
  /** Where the last separator is up to `from`, or -1. */
  lastSeparator(text: string, from: number): number;
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

class Paths {
  readonly sep: Rules['sep'];
  readonly delimiter: Rules['delimiter'];
  readonly #rules: Rules;
  readonly #workingFolder: () => string;

  constructor(rules: Rules, workingFolder: () => string) {
    this.sep = rules.sep;
    this.delimiter = rules.delimiter;
    this.#rules = rules;
    this.#workingFolder = workingFolder;
  }

  readonly normalize = (path: string): string => {
    if (path === '') return '.';
    if (this.#isFlat(path)) return path;
    const { device, rooted, rest } = this.#rules.split(path);
    const tail = flat(this.#names(rest), rooted).join(this.sep);
    const last = rest.length - 1;
    const ending = rest !== '' && this.#rules.lastSeparator(rest, last) === last ? this.sep : '';
    if (rooted) return device + this.sep + (tail === '' ? '' : tail + ending);
    return device + (tail === '' ? '.' : tail) + ending;
  };

  readonly join = (...paths: string[]): string => {
    let joined = '';
    for (const path of paths) if (path !== '') joined = joined === '' ? path : `${joined}${this.sep}${path}`;
    if (this.sep === '/') return this.normalize(joined);
    // Two separators at the start would make it a UNC path, though the first part was none.
    const first = paths.find((path) => path !== '') ?? '';
    const isServer = this.#rules.split(first).device.length > 2;
    return this.normalize(isServer ? joined : joined.replace(/^[\\/]{2,}/, '\\'));
  };

  readonly resolve = (...paths: string[]): string => {
    const [only = ''] = paths;
    if (paths.length === 1 && this.#isFlat(only) && !only.endsWith('/')) return only;
    let device = '';
    let rooted = false;
    let names: readonly string[] = [];
    // The working folder may have been removed: it counts only for a path that needs it.
    for (const path of [undefined, ...paths].reverse()) {
      const root = this.#rules.split(path ?? this.#workingFolder());
      if (device !== '' && root.device !== '' && !this.#rules.same(device, root.device)) continue;
      if (!rooted) names = [...this.#names(root.rest), ...names];
      rooted ||= root.rooted;
      device ||= root.device;
      if (rooted && (device !== '' || this.sep === '/')) break;
    }
    return device + (rooted ? this.sep : '') + flat(names, rooted).join(this.sep) || '.';
  };

  readonly relative = (from: string, to: string): string => {
    const { split, same } = this.#rules;
    const [one, other] = [split(this.resolve(from)), split(this.resolve(to))];
    if (!same(one.device, other.device)) return this.resolve(to);
    const [ones, others] = [this.#names(one.rest), this.#names(other.rest)];
    let common = 0;
    while (common < ones.length && same(ones[common] ?? '', others[common] ?? '')) common++;
    return [...ones.slice(common).map(() => '..'), ...others.slice(common)].join(this.sep);
  };

  readonly isAbsolute = (path: string): boolean =>
    this.sep === '/' ? path.startsWith('/') : this.#rules.split(path).rooted;

  readonly dirname = (path: string): string => {
    const last = this.sep === '/' ? path.lastIndexOf('/') : -1;
    // Most paths are so, as for #isFlat.
    if (last >= 0 && last < path.length - 1 && path[last - 1] !== '/') return path.slice(0, last || 1);
    const { split, lastSeparator } = this.#rules;
    const { rest } = split(path);
    let end = rest.length;
    while (end > 0 && lastSeparator(rest, end - 1) === end - 1) end--;
    end = Math.max(0, lastSeparator(rest, end - 1)); // only one separator, as in Node
    return path.slice(0, path.length - rest.length + end) || '.';
  };

  readonly basename = (path: string, suffix = ''): string => {
    const base = this.#names(this.#rules.split(path).rest).at(-1) ?? '';
    if (suffix !== '' && path === suffix) return '';
    return base !== suffix && base.endsWith(suffix) ? base.slice(0, base.length - suffix.length) : base;
  };

  readonly parse = (path: string): { readonly root: string } => {
    return { root: path.slice(0, path.length - this.#rules.split(path).rest.length) };
  };

  /** Whether it is absolute, with nothing to remove. Most paths are so, and each login makes some: a folder whose name begins with a dot, too. */
  #isFlat(path: string): boolean {
    if (this.sep !== '/' || !path.startsWith('/') || path.includes('//')) return false;
    if (!path.includes('/.')) return true;
    return !path.includes('/./') && !path.includes('/../') && !path.endsWith('/.') && !path.endsWith('/..');
  }

  #names(path: string): readonly string[] {
    return path.split(this.#rules.separator).filter((name) => name !== '');
  }
}

/** Without "." and with ".." resolved; one that leads above the start is kept if the path is relative. */
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

const posix: Pick<Paths, keyof Paths> = new Paths(
  {
    sep: '/',
    delimiter: ':',
    separator: '/',
    lastSeparator: (text, from) => text.lastIndexOf('/', from),
    split: (path) => {
      const rooted = path.startsWith('/');
      return { device: '', rooted, rest: rooted ? path.slice(1) : path };
    },
    same: (one, other) => one === other,
  },
  // Node's own on Windows: without the drive, and with slashes.
  () =>
    process.platform === 'win32'
      ? process
          .cwd()
          .replaceAll('\\', '/')
          .replace(/^[^/]*/, '')
      : process.cwd(),
);

/** "C:", "\\server\share", or neither. */
const deviceForm = /^(?:([a-z]:)|[\\/]{2}([^\\/]+)[\\/]+([^\\/]+))/i;

const win32: Pick<Paths, keyof Paths> = new Paths(
  {
    sep: '\\',
    delimiter: ';',
    separator: /[\\/]/,
    lastSeparator: (text, from) => Math.max(text.lastIndexOf('\\', from), text.lastIndexOf('/', from)),
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
  },
  () => process.cwd(),
);

const own = process.platform === 'win32' ? win32 : posix;

export { posix, win32 };
export const { sep, delimiter, normalize, join, resolve, isAbsolute } = own;
export const { relative, dirname, basename, parse } = own;
export default { ...own, posix, win32 };
