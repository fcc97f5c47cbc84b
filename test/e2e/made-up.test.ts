import { appendFileSync, cpSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { machine } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { ended, ends, printing, saying } from '../helpers/expected.js';
import { lacks } from '../helpers/programs.js';
import { run } from '../helpers/run.js';
import { useSshd } from '../helpers/sockets/peers.js';
import { useTempDir } from '../helpers/temp-dir.js';
import { command, nodeApi, source, sourceLine } from './made-up.js';

/** The recipes of docs/contributing/adding.md and engine.md, done in a copy of the sources: a file and a line for each, and a function. All else has to follow. */
describe.skipIf(lacks('ssh', 'sshd'))('a made-up source, command and Node API', () => {
  const dir = useTempDir();
  const bin = join(dir, 'bin');
  const env = { ...process.env, HOME: dir, PATH: `${bin}:${process.env.PATH}` };
  const vmssh = (...args: string[]) => run([process.execPath, join(dir, 'dist/vmssh.js'), ...args], { env });
  const sshd = useSshd(dir);

  beforeAll(async () => {
    for (const name of ['src', 'build', 'docs/sources', 'package.json'])
      cpSync(name, join(dir, name), { recursive: true });
    for (const name of ['node_modules', 'native']) symlinkSync(join(process.cwd(), name), join(dir, name));
    writeFileSync(join(dir, 'src/sources/managers/bhyve.ts'), source);
    // At the end of the list.
    edit('src/sources/sources.ts', /\n\]/, `\n  ${sourceLine}\n]`);
    mkdirSync(join(dir, 'src/commands/greet'));
    writeFileSync(join(dir, 'src/commands/greet/greet.ts'), command);
    edit('src/cli/command.ts', 'commandWords = [', "commandWords = [\n  'greet',");
    // At the start of a group of the help.
    const group = "{ title: 'Every day', commands: [";
    const imported = "import { greet } from '../commands/greet/greet.js';\n";
    edit('src/program/commands.ts', group, `${group}greet, `, imported);
    await ends(0, run([process.execPath, 'build/node.js', '--no-executable'], { cwd: dir }));

    const machines = [{ name: 'Web 1', up: true, ssh: `unix${sshd.path}` }, { name: 'db' }];
    mkdirSync(bin);
    const lines = machines.map((machine) => `${JSON.stringify(machine)}\n`).join('');
    writeFileSync(join(bin, 'bhyvectl'), `#!/bin/sh\ncat <<'END'\n${lines}END\n`, { mode: 0o755 });
  });

  /** Puts a text in the place of another, which has to be there, and more before all. */
  function edit(path: string, old: string | RegExp, text: string, before = ''): void {
    const file = join(dir, path);
    const now = readFileSync(file, 'utf8');
    expect(now).toMatch(old);
    writeFileSync(file, before + now.replace(old, () => text));
  }

  it('are listed', async () => {
    expect(await vmssh('list', '--provider=bhyve')).toMatchObject(
      ended(0, 'running\tWeb 1\tbhyve/Web 1\tbhyve\noff\tdb\tbhyve/db\tbhyve\n'),
    );
  });

  it.each(['bhyve/Web 1', 'BHYVE%web-1', 'web-1'])('%s is found', async (typed) => {
    const { code, stdout } = await vmssh('check', '--json', '--until=resolved', typed);
    expect({ code, ...JSON.parse(stdout).results[0] }).toMatchObject({
      code: 0,
      parsed: { kind: 'bhyve' },
      endpoint: { family: 'unix', path: sshd.path },
    });
  });

  it('say why there is no such machine, and how to start one', async () => {
    const unknown = 'vmssh: cannot find "bhyve/x": bhyve has no machine "x": found "Web 1", "db"';
    expect(await vmssh('nc', '--pipe', 'bhyve/x')).toMatchObject({
      code: 4,
      stderr: `${unknown}\nhint: bhyvectl list\n`,
    });
    expect(await vmssh('nc', '--pipe', 'bhyve/db')).toMatchObject(saying(4, /^hint: bhyvectl start db$/m));
    expect(await vmssh('nc', '--pipe', 'bhyve/')).toMatchObject(saying(2, 'the machine name is empty'));
  });

  it('are completed', async () => {
    const candidates = async (...args: string[]) =>
      firstFields((await vmssh('complete', '--', ...args)).stdout);
    expect(await candidates('ssh', 'bhyve')).toEqual(['bhyve/db']);
    expect(await candidates('ssh', 'We')).toEqual(['Web-1']);
    expect(await candidates('list', '--provider', 'bh')).toEqual(['bhyve']);
  });

  it('are in ssh_config, log in, and keep the host key by a name that can be forgotten', async () => {
    const known = join(dir, '.ssh/vmssh_known_hosts');
    const { stdout } = await vmssh('config', 'print');
    expect(stdout).toMatch(/^Host .* bhyve\/\* bhyve%\*( |$)/m);
    expect(stdout).toMatch(/^Host Web-1 web-1$/m);
    const config = join(dir, 'config');
    const own = `Host *\n    IdentityFile ${dir}/id\n    BatchMode yes\n    User ${sshd.user}\n    LogLevel ERROR\n    StrictHostKeyChecking accept-new\n`;
    writeFileSync(config, stdout + own, { mode: 0o600 });
    const login = () => run(['ssh', '-F', config, 'Web-1', 'echo in'], { env });
    // ssh keeps the key, and the next login makes it the machine's.
    for (let times = 0; times < 2; times++) expect(await login()).toMatchObject({ code: 0, stdout: 'in\n' });
    expect(firstFields(readFileSync(known, 'utf8'))).toEqual([expect.stringMatching(/^vmssh-bhyve%web-1=/)]);
    expect(await vmssh('forget', 'bhyve/Web 1')).toMatchObject({ code: 0 });
    expect(readFileSync(known, 'utf8')).toBe('');
  });

  it('are a command with its option, help and completion', async () => {
    expect(await vmssh('greet', 'mint')).toMatchObject({ code: 0, stdout: `hello mint from ${machine()}\n` });
    const loud = `hello mint from ${machine()}\n`.toUpperCase();
    expect(await vmssh('greet', '-l', 'mint')).toMatchObject({ code: 0, stdout: loud });
    expect(await vmssh('greet')).toMatchObject(saying(2, 'expected NAME'));
    expect((await vmssh('--help')).stdout).toMatch(/^ {2}greet +say hello to a machine$/m);
    expect((await vmssh('greet', '--help')).stdout).toMatch(/^ {2}-l, --loud +in capitals$/m);
    expect(firstFields((await vmssh('complete', '--', 'gre')).stdout)).toEqual(['greet']);
    expect(firstFields((await vmssh('complete', '--', 'greet', '--l')).stdout)).toEqual(['--loud']);
  });

  it("are an error of the engine's types until its module has the function", async () => {
    for (const name of ['test', 'tsconfig.json']) symlinkSync(join(process.cwd(), name), join(dir, name));
    const tsc = [process.execPath, 'node_modules/typescript/bin/tsc', '--noEmit', '-p', 'build/engine'];
    expect(await run(tsc, { cwd: dir })).toMatchObject(printing(1, /greet\.ts.* 'machine'/));
    appendFileSync(join(dir, 'src/engine/node/os.ts'), nodeApi);
    expect(await run(tsc, { cwd: dir })).toMatchObject({ code: 0, stdout: '' });
  });
});

function firstFields(lines: string): readonly (string | undefined)[] {
  return lines
    .split('\n')
    .filter(Boolean)
    .map((line) => line.split(/\s/)[0]);
}
