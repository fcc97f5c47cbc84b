import { matchName } from './match-name.js';
import type { Found } from './provider.js';

/** The machines that `wanted` may mean: by name, else without regard to case, else by slug, else by UUID or machine id. */
export function matchFound<T extends Found>(wanted: string, found: readonly T[]): readonly T[] {
  const names = new Set(
    matchName(
      wanted,
      found.map(({ name }) => name),
    ),
  );
  if (names.size > 0) return found.filter(({ name }) => names.has(name));
  const slugs = found.filter(({ name }) => slug(name).toLowerCase() === wanted.toLowerCase());
  if (slugs.length > 0) return slugs;
  const id = wanted.replaceAll(/[-{}]/g, '').toLowerCase();
  return /^[0-9a-f]{32}$/.test(id) ? found.filter(({ uuid }) => uuid?.replaceAll('-', '') === id) : [];
}

/** The name as ssh takes it for a host and no tool for a pattern or a path: letters, digits, ".", "_" and "-". May be "". */
export function slug(name: string): string {
  const words = name
    .normalize('NFC')
    .replaceAll(/[^\p{L}\p{N}\p{M}._-]+/gu, '-')
    .replace(/^[-.]+/, '');
  // A pattern for the end would be tried at every dash.
  let end = words.length;
  while (words[end - 1] === '-') end--;
  return words.slice(0, end);
}
