import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

const root = new URL('../', import.meta.url);
const read = (path: string) => readFileSync(new URL(path, root), 'utf8');
const page = read('docs/reference/security.md');
const environment = read('docs/reference/environment.md');
const assurance = read('docs/contributing/assurance.md');

describe('docs/reference/security.md and environment.md', () => {
  it('names only tests that are there', () => {
    const tests = [...`${page}${environment}`.matchAll(/\btest\/[\w./-]*\w/g)].map(([path]) => path);
    expect(tests.length).toBeGreaterThan(50);
    expect(tests.filter((path) => !existsSync(new URL(path, root)))).toEqual([]);
  });

  it('say in assurance.md which files to review, and they are there', () => {
    const named = [...assurance.matchAll(/`((?:src|native|test)\/[\w./-]*)`/g)].map(([, path = '']) => path);
    expect(named.length).toBeGreaterThan(20);
    expect(named.filter((path) => !existsSync(new URL(path, root)))).toEqual([]);
    expect(assurance.split('\n').length).toBeLessThanOrEqual(81);
  });

  const section = environment.split(/^## /m).find((text) => text.startsWith('Environment variables')) ?? '';
  const firstCells = [...section.matchAll(/^\| (`.*?) \|/gm)].map(([, cell = '']) => cell);
  const listed = firstCells.flatMap((cell) => [...cell.matchAll(/`(\w+)`/g)].map(([, name = '']) => name));

  it('has each environment variable that our sources read', () => {
    const ofSpinner = found([read('node_modules/yocto-spinner/index.js')], /process\.env\.(\w+)/g);
    const names = [...new Set([...ofTypeScript(), ...ofCpp(), ...ofShell(), ...ofSpinner])].sort();
    expect(names).toEqual(expect.arrayContaining(['HOME', 'VMSSH_RELAY_FAILURES', 'SUDO_USER', 'TEMP']));
    // Windows does not tell capitals.
    const known = listed.map((name) => name.toUpperCase());
    expect(names.filter((name) => !known.includes(name.toUpperCase()))).toEqual([]);
  });

  it('has no other, and none twice', () => {
    const texts = [...sources('src', '.ts'), ...sources('src', '.sh'), ...sources('native', '.cpp', '.h')];
    const all = [...texts, read('node_modules/yocto-spinner/index.js')].join('\n');
    expect(listed.filter((name) => !new RegExp(`\\b${name}\\b`).test(all))).toEqual([]);
    expect(listed.filter((name, at) => listed.indexOf(name) !== at)).toEqual([]);
  });
});

function sources(folder: string, ...endings: readonly string[]): readonly string[] {
  const names = readdirSync(new URL(folder, root), { recursive: true, encoding: 'utf8' });
  return names
    .filter(
      (name) => endings.some((ending) => name.endsWith(ending)) && !/^(build|node_modules)\//.test(name),
    )
    .map((name) => read(`${folder}/${name}`).replaceAll(/^\s*(\/\/|\/?\*|#(?!define|include)).*$/gm, ''));
}

function found(texts: readonly string[], ...patterns: readonly RegExp[]): readonly string[] {
  return texts.flatMap((text) =>
    patterns.flatMap((pattern) => [...text.matchAll(pattern)].map(([, name = '']) => name)),
  );
}

function ofTypeScript(): readonly string[] {
  const texts = sources('src', '.ts');
  // { HOME, PATH = … } = env, and { PATH }: Readonly<Record<string, …
  const taken = found(
    texts,
    /\{([^{}]*)\} = (?:[\w.]+\.)?env\b/g,
    /\{([^{}]*)\}: Readonly<Record<string, string \| undef/g,
  );
  // What is read by a variable's name has the names as texts.
  const named = texts.filter((text) => /(?<!delete )\benv\[/.test(text));
  return [
    ...found(texts, /\benv\??\.([A-Z]\w*)(?!\w| = )/g),
    ...found(taken, /(?:^|,)\s*([A-Z]\w*)/g),
    ...found(named, /(?<![!=]== |Error\()'([A-Z][A-Z_]+)'/g),
  ];
}

function ofCpp(): readonly string[] {
  const texts = sources('native', '.cpp', '.h');
  const all = texts.join('\n');
  const arguments_ = found(texts, /\b(?:secure_)?getenv\(([^)]*)\)/g);
  const constants = arguments_.map(
    (name) => new RegExp(`\\b${name}\\b[^;=]*= "(\\w+)"`).exec(all)?.[1] ?? name,
  );
  const needed = found(texts, /wchar_t\* needed\[\] = \{([^}]*)\}/g);
  expect(needed).toHaveLength(1);
  return [
    ...constants,
    ...found(needed, /L"(\w+)"/g),
    ...found(texts, /\b(?:ownVariable|GetEnvironmentVariable\w*)\(L"(\w+)"/g),
  ];
}

/** Scripts of guests and hops. Names in small letters are their own: shellcheck finds one that nobody sets. */
function ofShell(): readonly string[] {
  const own = ['R', 'PPID', 'SIG', 'NAME'];
  return found(sources('src', '.sh'), /\$\{?([A-Z][A-Z0-9_]*)(?![a-z])/g).filter(
    (name) => !own.includes(name),
  );
}
