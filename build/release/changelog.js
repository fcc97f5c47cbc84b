/** The heading of what is not released, with or without the version that it will have. */
const open = /^## (?:\d+\.\d+\.\d+, )?not released yet$/gim;

/**
 * CHANGELOG.md with the section that is not released yet as that of this version. Throws if there is none, or nothing in it.
 * @param {string} text
 * @param {string} version
 * @param {string} date as "2026-11-23"
 */
export function releasedChangelog(text, version, date) {
  const found = [...text.matchAll(open)];
  if (found.length !== 1)
    throw new Error(`CHANGELOG.md has ${found.length} headings "## Not released yet", in place of one`);
  const [heading] = found;
  const [section = ''] = text.slice((heading?.index ?? 0) + (heading?.[0].length ?? 0)).split(/^## /m);
  if (section.trim() === '') throw new Error('CHANGELOG.md has nothing below "not released yet"');
  return text.replace(open, `## ${version}, ${date}`);
}

/** Whether CHANGELOG.md has a dated section of this version on top. @param {string} text @param {string} version */
export function isReleased(text, version) {
  const [, first] = /^## (.*)$/m.exec(text) ?? [];
  return first?.startsWith(`${version}, `) && /, \d{4}-\d\d-\d\d$/.test(first);
}
