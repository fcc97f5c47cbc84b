import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { lacks } from '../helpers/programs.js';
import { useTempDir } from '../helpers/temp-dir.js';
import { comesOut, type Report } from './world.js';

const dir = useTempDir();
const folder = join(import.meta.dirname, 'reports');
const reports = readdirSync(folder)
  .sort()
  .flatMap((file): readonly Report[] => JSON.parse(readFileSync(join(folder, file), 'utf8')));
const missing = lacks('ssh');

describe.skipIf(missing)(`what people had${missing ? `: ${missing}` : ''}`, () => {
  it.each(reports)('$report: $about', async (report) => {
    const home = join(dir, report.report.replaceAll(/[^\w-]/g, '-'));
    mkdirSync(home, { mode: 0o700 });
    const { list, check, 'ssh -G': host } = report;
    expect(await comesOut(report, home)).toEqual({
      list,
      check,
      ...(host === undefined ? {} : { 'ssh -G': host }),
    });
  });
});

it('README.md lists them all, with what comes out', () => {
  const page = readFileSync(join(import.meta.dirname, 'README.md'), 'utf8');
  const rows = reports.map(
    ({ report, about, type, check }) => `| ${report} | ${about} | \`${type}\` | ${check} |`,
  );
  expect(page.slice(page.indexOf('| report |'))).toBe(
    `| report | what its author had | typed | comes out |\n| --- | --- | --- | --- |\n${rows.join('\n')}\n`,
  );
});
