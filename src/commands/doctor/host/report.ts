import { allowed } from './allowed.js';
import type { HostCheck } from './check.js';
import type { Facts } from './facts.js';

/** The checks in Markdown, with their texts for a report only: no name, path or address. */
export function report({ system }: Facts, checks: readonly HostCheck[]): string {
  const signs = { ok: '✓', bad: '✗', none: '–' };
  const { vmssh, runtime, os, kernel, arch, about } = system;
  const { commit, engine, features } = about;
  return [
    `vmssh ${vmssh} on ${runtime}, ${allowed.os(os)}, ${allowed.kernel(kernel)}, ${arch}`,
    `commit ${commit ?? 'unknown'}, ${engine.name} ${engine.version}; ${features.join(', ')}`,
    '',
    '| | what | found |',
    '| --- | --- | --- |',
    ...checks.map(({ name, state, report }) => `| ${signs[state]} | ${name} | ${report} |`),
    '',
  ].join('\n');
}
