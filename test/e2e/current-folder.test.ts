import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir, userInfo } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { lacks } from '../helpers/programs.js';
import { isSanitized, run, underTrace, vmssh } from '../helpers/run.js';
import { useTempDir } from '../helpers/temp-dir.js';

/** What runtimes, npm, ssh and vmssh itself would look for, and the programs that are run. */
const bait = [
  ...['.env', 'bunfig.toml', 'node.config.json', 'tsconfig.json', 'package.json', 'node_modules', '.npmrc'],
  ...['config', 'vmssh.conf', '.ssh', 'ssh', 'virsh', 'getent', 'vmssh.exe'],
];

describe.skipIf(lacks('strace'))('the folder where vmssh is called', () => {
  const dir = useTempDir();
  // The checkout may itself be in the temp folder, and Node reads what is beside the program.
  const program = dirname(dirname(vmssh.at(-1) ?? ''));

  // PATH has the current folder twice.
  it.each([
    { args: ['proxy', 'unix/no/such', '22'] },
    { args: ['--help'] },
    { args: ['check', 'unix/no/such'] },
    { args: ['list', '--json'], asks: true },
    { args: ['config', 'print'], asks: true },
    { args: ['doctor'], asks: true },
    { args: ['ssh', 'unix/no/such'] },
  ])('is not read, nor the temp folder: $args', async ({ args, asks }) => {
    const own = join(dir, args.join('-').replaceAll('/', '-'));
    const [cwd, temp] = [join(own, 'cwd'), join(own, 'temp')];
    // ssh looks in the home of its user, whatever HOME is; help looks for the pages of the checkout.
    const homes = [join(own, 'home'), userInfo().homedir, homedir()];
    const kept = [program, join(process.cwd(), 'docs'), process.env.PATH ?? '', ...homes];
    for (const folder of [cwd, temp]) {
      mkdirSync(folder, { recursive: true });
      for (const name of bait) writeFileSync(join(folder, name), '{', { mode: 0o755 });
    }
    const trace = join(dir, 'trace');
    const strace = ['strace', '-f', '-e', 'trace=%file', '-s', '500', '-o', trace];
    // A shell looks at OLDPWD when it starts.
    const set = { PATH: `.:${process.env.PATH}:`, HOME: join(own, 'home'), TMPDIR: temp, OLDPWD: undefined };
    const env = { ...process.env, ...underTrace, ...set };
    const result = await run([...strace, ...vmssh, ...args], { cwd, env, keepOpen: true });
    expect(result.stderr).not.toContain('a bug in vmssh');
    const touched = pathsOf(readFileSync(trace, 'utf8')).filter(
      (path) =>
        !kept.some((folder) => `${path}/`.startsWith(`${folder}/`)) && !`${program}/`.startsWith(`${path}/`),
    );
    expect(touched.length).toBeGreaterThan(0);
    // A machine of this host may have its socket in the temp folder of all.
    const folders = asks ? [cwd, temp] : [cwd, temp, tmpdir()];
    const inside = touched.filter((path) => folders.some((folder) => path.startsWith(`${folder}/`)));
    // Their own names may be asked for, as root does to see whose TMPDIR is, and those of the folders above.
    const above = (path: string) => [cwd, temp].some((folder) => `${folder}/`.startsWith(`${path}/`));
    expect(inside.filter((path) => !above(path))).toEqual([]);
    // The shell that ssh starts looks at ".".
    const relative = touched.filter((path) => path !== '.' && !path.startsWith('/') && !args.includes(path));
    expect(relative).toEqual([]);
  });
});

/** All paths of a trace, but for a program's arguments and ThreadSanitizer's own file. */
function pathsOf(trace: string): readonly string[] {
  // Nor what a link points to.
  const calls = trace
    .replaceAll(/\[[^\]\n]*\]/g, '')
    .replaceAll(/(readlink\w*(?:\([^"]*"[^"]*"| resumed>)).*$/gm, '$1');
  const paths = [...calls.matchAll(/"([^"\n]+)"/g)].map(([, path = '']) => unescaped(path));
  return paths.filter((path) => !(isSanitized && path.startsWith('/tmp/tsan.rodata.')));
}

/** strace writes each byte that is not ASCII in octal: a checkout's folder may have an umlaut. */
function unescaped(path: string): string {
  return path.replaceAll(/(?:\\[0-7]{1,3})+/g, (bytes) =>
    Buffer.from(
      bytes
        .slice(1)
        .split('\\')
        .map((byte) => Number.parseInt(byte, 8)),
    ).toString(),
  );
}
