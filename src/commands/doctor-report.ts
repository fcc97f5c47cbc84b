import type { Facts } from './doctor-facts.js';

/** A report without what is private: names, paths, addresses and numbers that belong to this host alone. */
export function withoutPrivate(text: string, { private: words }: Pick<Facts, 'private'>): string {
  const longestFirst = [...words]
    .filter(({ text }) => text.length > 1)
    .sort((a, b) => b.text.length - a.text.length);
  const replaced = longestFirst.reduce((left, { text, as }) => left.replaceAll(whole(text), as), text);
  return replaced
    .replaceAll(/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/gi, 'UUID')
    .replaceAll(/\b\d{1,3}(\.\d{1,3}){3}\b/g, 'ADDRESS')
    .replaceAll(/(\/home|\/Users|[A-Z]:\\Users)[/\\][^/\\\s|]+/g, '~');
}

/** The text where it is no part of a longer word. */
function whole(text: string): RegExp {
  const escaped = text.replaceAll(/[.*+?^${}()|[\]\\/]/g, (c) => `\\${c}`);
  return new RegExp(`(?<![\\p{L}\\p{N}_])${escaped}(?![\\p{L}\\p{N}_])`, 'gu');
}
