import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

const root = new URL('..', import.meta.url);
const folder = new URL('.github/workflows/', root);
const { scripts } = JSON.parse(readFileSync(new URL('package.json', root), 'utf8'));

describe('.ci', () => {
  it.each(['packages', 'release'])('installs what test/%s needs', (name) => {
    const tests = new URL(`test/${name}/`, root);
    const texts = readdirSync(tests)
      .filter((file) => file.endsWith('.test.ts'))
      .map((file) => readFileSync(new URL(file, tests), 'utf8'));
    const needed = texts
      .flatMap((text) => [...text.matchAll(/missingPrograms\(\{(.*?)\}\)/gs)])
      .flatMap(([, list = '']) => [...list.matchAll(/: '([^']+)'/g)].map(([, found = '']) => found));
    expect(needed.length).toBeGreaterThan(3);
    const installed = ['.ci/packages', '.ci/packages-build', '.ci/packages-release'].flatMap((file) =>
      readFileSync(new URL(file, root), 'utf8').split(/\s+/),
    );
    expect(needed.filter((each) => !installed.includes(each))).toEqual([]);
  });
});

describe('.github/workflows/release.yml', () => {
  const text = readFileSync(new URL('release.yml', folder), 'utf8');
  const jobs =
    text
      .split(/^jobs:$/m)[1]
      ?.split(/^ {2}(?=\w+:$)/m)
      .slice(1) ?? [];
  const builders = jobs.filter((job) => job.includes('bash .ci/builder'));

  it('has two builders, in an image that is pinned and without privileges', () => {
    expect(text).not.toContain('privileged');
    expect(builders).toHaveLength(2);
    for (const job of builders) expect(job).toMatch(/image: \$\{\{ needs\.image\.outputs\.pinned \}\}/);
    expect(jobs.find((job) => job.startsWith('image:'))).toMatch(
      /grep -xE '\S+@sha256:\[0-9a-f\]\{64\}' \.ci\/builder-image/,
    );
    const runners = builders.map((job) => /runs-on: (\S+)/.exec(job)?.[1]);
    expect(new Set(runners).size).toBe(2);
  });

  it('ships what the second one has too, with the log and the hashes of both', () => {
    const shipped = builders.filter((job) => job.includes('attest-build-provenance'));
    expect(shipped).toHaveLength(1);
    const [job = ''] = shipped;
    expect(job.indexOf('test "$(sha256sum <SHA256SUMS)" = "$SUMS"')).toBeGreaterThan(0);
    expect(job.indexOf('= "$SUMS"')).toBeLessThan(job.indexOf('attest-build-provenance'));
    for (const each of builders)
      for (const file of ['build.log', 'SHA256SUMS']) expect(each).toMatch(new RegExp(`${file}$`, 'm'));
  });
});

describe.each(readdirSync(folder))('.github/workflows/%s', (name) => {
  const text = readFileSync(new URL(name, folder), 'utf8');
  const all = (pattern: RegExp) => [...text.matchAll(pattern)].map(([, found = '']) => found);

  it('names each action by its commit, and says which version that is', () => {
    const used = all(/uses: (.*)/g);
    expect(used.length).toBeGreaterThan(0);
    expect(used.filter((each) => !/^actions\/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/.test(each))).toEqual([]);
  });

  it('runs scripts that exist', () => {
    const files = all(/bash (\.ci\/\S+)/g);
    expect(files.filter((file) => !existsSync(new URL(file, root)))).toEqual([]);
    const suites = all(/suite: \[([^\]]*)\]/g).flatMap((list) =>
      list.split(',').map((each) => each.replace(/[ ']/g, '')),
    );
    const named = [...suites, ...all(/npm run ([\w:-]+)/g)];
    expect(named.filter((each) => !(each in scripts))).toEqual([]);
    expect(files.length + named.length).toBeGreaterThan(0);
  });

  it('has no more rights than it says, and puts nothing of others into a script', () => {
    expect(text).toMatch(/^permissions:\n {2}contents: read$/m);
    expect(all(/(persist-credentials: false)/g).length).toBe(all(/(actions\/checkout@)/g).length);
    expect(all(/run: (.*)/g).filter((line) => /\$\{\{ *(?:github|inputs)\./.test(line))).toEqual([]);
  });
});
