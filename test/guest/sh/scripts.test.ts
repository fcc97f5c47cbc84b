import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { parseProgress } from '../../../src/guest/report.js';
import {
  accountScript,
  beforeLoginScript,
  type CheckScriptOptions,
  checkScript,
  offScript,
  onlyIn,
  proofScript,
  setupScript,
  undoScript,
} from '../../../src/guest/script.js';
import listener from '../../../src/guest/sh/init/listen.sh';
import { generator, generatorPath, stamp } from '../../../src/guest/units.js';
import { missingPrograms } from '../../helpers/programs.js';
import { useTempDir } from '../../helpers/temp-dir.js';

/** `unused`: what shellcheck says of functions in its parts that it does not call, or calls in one way. */
const scripts: readonly { name: string; text: string; unused?: readonly string[] }[] = [
  { name: 'set-up', text: setupScript({ port: 22 }) },
  {
    name: 'set-up with all options',
    text: setupScript({
      port: 2222,
      hostsFix: true,
      hushlogin: true,
      keys: ["ssh-ed25519 AAAA it's me"],
      account: 'ann',
      onlyVsock: true,
    }),
  },
  { name: 'set-up of the generator', text: setupScript({ port: 22, generator: true }) },
  { name: 'undo', text: undoScript() },
  { name: 'check', text: checkScript({ port: 22, account: 'root' }) },
  {
    name: 'check over a unix socket',
    text: checkScript({ port: 22, account: 'root', over: 'unix', login: { state: 'in', about: 'over it' } }),
  },
  { name: 'before a login', text: beforeLoginScript(), unused: ['SC2119', 'SC2120', 'SC2154'] },
  {
    name: 'set-up of an account',
    text: accountScript({ account: 'ann', keys: ["ssh-ed25519 AAAA it's"], look: false }),
    unused: ['SC2034', 'SC2154'],
  },
  { name: 'off', text: offScript({ undo: false }) },
  { name: 'proof', text: proofScript({ keep: false }) },
  { name: 'generator', text: stamp(generator) },
  { name: 'what listens without systemd', text: listener },
];

/** A word where a command stands. */
const command = /(?:^|[;&|({!)]|\b(?:if|then|else|elif|while|until|do) ) *([a-z_]\w*)(?![\w=(./:-])/gm;

/** The body of each function of a script, without comments and what is in quotes; "": what is in none. */
function functionsIn(text: string): ReadonlyMap<string, string> {
  const bodies = new Map<string, string>();
  let name = '';
  for (const line of text.split('\n')) {
    const [, begun, rest = ''] = /^([a-z_]\w*)\(\) \{(.*)$/.exec(line) ?? [];
    if (begun !== undefined) name = begun;
    const code = (begun === undefined ? line : rest).replace(/'[^']*'|(?:^|\s)#.*$/g, ' ');
    bodies.set(name, `${bodies.get(name) ?? ''}\n${code}`);
    if (line === '}' || (begun !== undefined && rest.trimEnd().endsWith('}'))) name = '';
  }
  return bodies;
}

const root = useTempDir();
const folder = fileURLToPath(new URL('../../../src/guest/sh', import.meta.url));
const sources = readdirSync(folder, { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.sh'))
  .map((name) => ({ name, path: join(folder, name), text: readFileSync(join(folder, name), 'utf8') }));
const missing = missingPrograms({ shellcheck: 'shellcheck', dash: 'dash', busybox: 'busybox-static' });

describe.skipIf(missing)(`the scripts${missing ? `: ${missing}` : ''}`, () => {
  it.each(scripts)('$name: shellcheck finds nothing', ({ text, unused = [] }) => {
    const exclude = `--exclude=${unused.join(',')}`;
    const { stdout, status } = spawnSync('shellcheck', ['--shell=sh', '--format=gcc', exclude, '-'], {
      input: text,
      encoding: 'utf8',
    });
    expect(stdout).toBe('');
    expect(status).toBe(0);
  });

  // Shells tell a function that is missing only when it is called.
  it.each(scripts)('$name: has each function that it may come to', ({ text }) => {
    const bodies = functionsIn(text);
    const named = new Set(sources.flatMap((source) => [...functionsIn(source.text).keys()]));
    const called = (body: string) =>
      [...body.matchAll(command)].flatMap(([, word = '']) => (named.has(word) ? [word] : []));
    const reached = new Set<string>();
    const add = (names: readonly string[]): void => {
      for (const name of names) {
        if (reached.has(name)) continue;
        reached.add(name);
        add(called(bodies.get(name) ?? ''));
      }
    };
    add(called(bodies.get('') ?? ''));
    expect([...reached].filter((name) => !bodies.has(name))).toEqual([]);
  });

  it('shellcheck finds nothing in the files they are made of', () => {
    const { stdout } = spawnSync('shellcheck', ['--format=gcc', ...sources.map(({ path }) => path)], {
      encoding: 'utf8',
    });
    expect(stdout).toBe('');
  });

  it.each(scripts)('$name: dash and busybox sh can read it', ({ text }) => {
    for (const [program, ...args] of [
      ['dash', '-n'],
      ['busybox', 'sh', '-n'],
    ] as const) {
      const { stderr, status } = spawnSync(program, args, { input: text, encoding: 'utf8' });
      expect([program, status, stderr]).toEqual([program, 0, '']);
    }
  });
});

describe('a check after a login', () => {
  const account = userInfo().username;
  const stepsOf = (options: Partial<CheckScriptOptions>) => {
    const input = checkScript({ port: 22, account, login: { state: 'in', about: 'over it' }, ...options });
    const { stdout } = spawnSync('sh', ['-s'], { input, encoding: 'utf8' });
    return stdout.split('\n').flatMap((line) => parseProgress(line) ?? []);
  };

  it('reports no failures, except for a slow lookup', () => {
    const failed = stepsOf({}).filter(({ state }) => state === 'failed' || state === 'fix');
    expect(failed.filter(({ step }) => step !== 'name-lookup')).toEqual([]);
  });

  it.each([
    { over: 'unix', looksUp: true },
    { over: 'tcp', looksUp: false },
    { over: 'exec', looksUp: true },
  ] as const)('skips vsock if $over leads there', ({ over, looksUp }) => {
    const steps = stepsOf({ over }).map(({ step }) => step);
    expect(steps).not.toContain('systemd');
    expect(steps).not.toContain('transport');
    expect(steps.includes('name-lookup')).toBe(looksUp);
    expect(steps.at(-1)).toMatch(/^[01]$/);
  });
});

it('before a login to a container that exports a socket, no CID is said: it would be the host', () => {
  mkdirSync(join(root, 'run/host/unix-export'), { recursive: true });
  const input = beforeLoginScript().replace("R=''", `R='${root}'`);
  const stepsOf = (input: string, more = {}) => {
    const env = { ...process.env, ...more };
    const { stdout, stderr } = spawnSync('sh', ['-s'], { input, encoding: 'utf8', env });
    expect(stderr).not.toContain('not found');
    return stdout.split('\n').flatMap((line) => parseProgress(line)?.step ?? []);
  };
  const all = ['boot', 'user', 'peer', 'cursor', '0'];
  expect(stepsOf(input)).toEqual(all);
  // A machine is meant by the script alone, not by what the environment says.
  expect(stepsOf(input, { meant: 'x' })).toEqual(all);
  const only = onlyIn({ uuid: undefined, otherFix: '', unprovedFix: '' }, input);
  expect(stepsOf(only)).toEqual(['machine', 'machine', '2']);
});

describe('the files they are made of', () => {
  const all = scripts.map(({ text }) => text);
  const named = /^\. \.\//m;

  it.each(sources.filter(({ text }) => !named.test(text)))(
    '$name is part of a script unchanged',
    ({ text }) => {
      expect(all.some((script) => script.includes(text.trimEnd()))).toBe(true);
    },
  );
  it('leave no name of a file in a script', () => {
    expect(all.filter((text) => named.test(text))).toEqual([]);
  });
  it('are ASCII, for any console', () => {
    expect(sources.filter(({ text }) => /[^\n\t -~]/.test(text)).map(({ name }) => name)).toEqual([]);
  });
  it('name the path where the generator is installed', () =>
    expect(generator).toContain(`Put it at ${generatorPath} `));
});

describe('a script that arrives cut off', () => {
  it.each(scripts.filter(({ text }) => text.endsWith(' </dev/null\n')))('$name: does nothing', ({ text }) => {
    const lines = text.trimEnd().split('\n');
    expect(lines.at(-1)).toMatch(/^[a-z_]+( "[^"]*")? <\/dev\/null$/);
    const body = lines.slice(0, -1).join('\n');
    const { stdout, stderr, status } = spawnSync('sh', ['-s'], { input: body, encoding: 'utf8' });
    expect({ stdout, stderr, status }).toEqual({ stdout: '', stderr: '', status: 0 });
  });
});
