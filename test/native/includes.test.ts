import { readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { expect, it } from 'vitest';
import { ownFiles } from '../own-files.js';

/** Names of the standard library, and the header that has them. Another header may have them too, but only in some versions of it. */
const headers: readonly (readonly [string, RegExp])[] = [
  ['algorithm', /std::(?:min|max|find|find_if|any_of|all_of|copy|sort|remove_if|fill|equal|search|clamp)\(/],
  ['array', /std::array</],
  ['atomic', /std::atomic/],
  ['chrono', /std::chrono/],
  ['cstdint', /std::u?int(?:_\w+)?(?:8|16|32|64|ptr)_t/],
  ['cstring', /std::(?:mem(?:cpy|move|cmp|chr|set)|str(?:len|cmp|ncmp|chr|error))\b/],
  ['functional', /std::function</],
  ['limits', /std::numeric_limits/],
  ['map', /std::map</],
  ['memory', /std::(?:unique_ptr|shared_ptr|make_unique|make_shared)</],
  ['mutex', /std::(?:mutex|lock_guard|unique_lock)/],
  ['optional', /std::(?:optional<|nullopt)/],
  ['string_view', /std::string_view/],
  ['thread', /std::thread\b/],
  ['utility', /std::exchange\(/],
  ['vector', /std::vector</],
];

const files = ownFiles('native').filter((path) => /\.(h|cpp)$/.test(path));
const texts = new Map(files.map((path) => [path, readFileSync(path, 'utf8')]));

// g++ 12 finds std::uint32_t through <string>, g++ 14 does not.
it('each C++ file includes what it uses of the standard library, itself or by a header of ours', () => {
  expect(texts.size).toBeGreaterThan(50);
  const missing = [...texts].flatMap(([path, text]) => {
    const included = standard(path);
    const used = headers.filter(([, name]) => name.test(text)).map(([header]) => header);
    return used.filter((header) => !included.has(header)).map((header) => `${path}: <${header}>`);
  });
  expect(missing).toEqual([]);
});

/** The standard headers that a file gets. */
function standard(path: string, seen = new Set<string>()): ReadonlySet<string> {
  if (seen.has(path)) return new Set();
  seen.add(path);
  const text = texts.get(path) ?? '';
  const own = [...text.matchAll(/^#include <([^>]+)>/gm)].map(([, name = '']) => name);
  const ours = [...text.matchAll(/^#include "([^"]+)"/gm)].flatMap(([, name = '']) => {
    const beside = join(dirname(path), name);
    if (texts.has(beside)) return [beside];
    return [...texts.keys()].filter((each) => basename(each) === basename(name));
  });
  return new Set([...own, ...ours.flatMap((each) => [...standard(each, seen)])]);
}
