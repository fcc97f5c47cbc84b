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
    expect(needed.length).toBeGreaterThan(5);
    const installed = ['.ci/packages', '.ci/packages-release'].flatMap((file) =>
      readFileSync(new URL(file, root), 'utf8').split(/\s+/),
    );
    expect(needed.filter((each) => !installed.includes(each))).toEqual([]);
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
