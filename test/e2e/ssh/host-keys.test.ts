import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { ended, saying } from '../../helpers/expected.js';
import { lacks } from '../../helpers/programs.js';
import { type Outcome, run, vmssh } from '../../helpers/run.js';
import { useMachined, useSshd } from '../../helpers/sockets/peers.js';
import { useTempDir } from '../../helpers/temp-dir.js';

/** A machine without a UUID: of systemd-machined, by its name only. */
describe.skipIf(lacks('ssh', 'sshd'))('the host key of a machine without a UUID', () => {
  const dir = useTempDir();
  // ssh puts the home of the password database in the place of "~", but not if the path is written out for its "%".
  const home = join(dir, '100%home');
  const file = join(home, '.ssh/vmssh_known_hosts');
  const name = 'web-t7';
  const conf = join(home, '.ssh/vmssh.conf');
  const sshd = useSshd(dir);
  const sshPrivateKeyPath = join(dir, 'id');
  const common = { class: 'vm', service: 'x', sshAddress: `unix${sshd.path}`, sshPrivateKeyPath };
  const machined = useMachined(
    [name, '*', 'x*t7', 'a b t7', "a'b t7"].map((each) => ({ name: each, ...common })),
  );
  const env = { ...process.env, HOME: home, ...machined.env };
  let right: string;
  let wrong: string;
  const program = (...args: string[]) => run([...vmssh, ...args], { env });
  const quick = ['-o', 'BatchMode=yes', '-o', 'LogLevel=ERROR', '-o', 'StrictHostKeyChecking=accept-new'];
  const bySsh = (host = name) =>
    run(['ssh', '-F', conf, ...quick, '-i', join(dir, 'id'), host, 'exit 7'], { env });
  const byVmssh = (host = name) => program('ssh', '-F', '/dev/null', ...quick, host, 'exit 7');
  const knownHosts = () => (existsSync(file) ? readFileSync(file, 'utf8') : '');
  const knows = (names: string, key: string) => writeFileSync(file, `${names} ${key}\n`);

  beforeAll(async () => {
    mkdirSync(join(home, '.ssh'), { recursive: true, mode: 0o700 });
    const key = (path: string) => readFileSync(join(dir, path), 'utf8').split(' ').slice(0, 2).join(' ');
    [right, wrong] = [key('host.pub'), key('id.pub')];
    expect(await program('config', 'install')).toMatchObject({ code: 0 });
  });
  const clear = () => {
    for (const each of [file, `${file}.new`]) rmSync(each, { force: true });
  };
  beforeEach(clear);

  const refused = (result: Outcome) => expect(result).toMatchObject({ code: 255 });
  const taken = (result: Outcome) => expect(result).toMatchObject({ code: 7 });
  const exchange = () => {
    rmSync(`${file}.new`);
    writeFileSync(file, knownHosts().replace(right, wrong));
  };
  /** ssh has kept its key, and vmssh has it in our file. */
  const known = async (login: (host?: string) => Promise<Outcome>, host?: string) => {
    for (let times = 0; times < 2; times++) taken(await login(host));
  };
  const keys = () => knownHosts().match(/^\S+ \S+ \S+/gm);

  it('is kept under one name, by whichever command it is taken', async () => {
    await known(bySsh);
    const first = keys();
    expect(first).toHaveLength(1);
    for (const typed of [name, `machine/${name}`, `machine%${name}`]) {
      taken(await byVmssh(typed));
      taken(await bySsh(typed));
    }
    expect(keys()).toEqual(first);
    clear();
    await known(byVmssh);
    taken(await bySsh());
    expect(keys()).toEqual(first);
  });

  it('is refused by all of them when it changes, and taken by all after vmssh forget', async () => {
    await known(bySsh);
    exchange();
    refused(await bySsh());
    refused(await byVmssh());
    const { code, stdout } = await program('check', '--until=authentication', name);
    expect(code).toBe(1);
    expect(stdout).toMatch(/✗ \S+ has another host key than before: .* saved SHA256:.*, shown SHA256:/);
    expect(stdout).toMatch(new RegExp(`fix, if it was reinstalled: .*vmssh.* forget '?${name}\\n`));
    expect(await program('forget', name)).toMatchObject(
      ended(0, `✓ Forgot the host key of "${name}", also known as machine%${name}\n`),
    );
    expect(knownHosts()).toBe('');
    expect(await program('check', '--until=authentication', name)).toMatchObject({ code: 0 });
    taken(await byVmssh());
    taken(await bySsh());
  });

  it('is what ssh -G prints', async () => {
    const { stdout } = await run(['ssh', '-F', conf, '-G', name], { env });
    expect(stdout).toMatch(new RegExp(`^hostkeyalias ${name}$`, 'm'));
    expect(stdout).toMatch(new RegExp(`^userknownhostsfile ${file}.new ${file}$`, 'm'));
  });

  it.each(['machine/x*t7', "machine/a'b t7", 'machine/a b t7', 'x*t7'])(
    'counts for no other machine if this one is called %s',
    async (odd) => {
      await known(byVmssh, odd);
      const [names = ''] = knownHosts().split(' ');
      expect(names).toMatch(/^vmssh-machine%[^*?!,]+$/);
      exchange();
      refused(await byVmssh(odd));
      taken(await byVmssh());
      expect(await program('forget', odd)).toMatchObject({ code: 0 });
      expect(knownHosts()).not.toContain(names);
      taken(await byVmssh(odd));
    },
  );

  it('is not kept if ssh accepts no form of its name for a host', async () => {
    expect(await byVmssh('*')).toMatchObject(saying(255, 'ssh accepts no form of'));
    expect((await program('config', 'install')).stderr).toContain(
      'no Host for "*": its name has no character',
    );
    expect(knownHosts()).toBe('');
  });

  it('is not kept by a name that is a pattern to ssh', async () => {
    expect(await bySsh('machine/*')).toMatchObject(saying(255, 'as a pattern'));
    expect(knownHosts()).toBe('');
  });

  it('has no Host if two machines would have it', async () => {
    const { stderr } = await program('config', 'install');
    expect(stderr).toContain(
      `no Host for "a b t7", "a'b t7": another machine would be Host a-b-t7-machined too`,
    );
    expect(readFileSync(conf, 'utf8')).not.toContain('a-b-t7');
    expect((await program('ssh', 'a-b-t7')).stderr).toContain('may be "machine/a b t7" or "machine/a\'b t7"');
  });

  it('that was revoked is reported as revoked, and stays so after vmssh forget', async () => {
    knows(`@revoked *`, right);
    refused(await byVmssh());
    expect((await program('check', '--until=authentication', name)).stdout).toContain('is revoked');
    await program('forget', name);
    expect(knownHosts()).toBe(`@revoked * ${right}\n`);
  });

  it('of another kind than the known one is refused, as ssh does it', async () => {
    spawnSync('ssh-keygen', ['-q', '-t', 'ecdsa', '-N', '', '-f', join(dir, 'ecdsa')]);
    const other = readFileSync(join(dir, 'ecdsa.pub'), 'utf8').split(' ').slice(0, 2).join(' ');
    knows(`vmssh-machine%${name}`, other);
    refused(await byVmssh());
    expect((await program('check', '--until=authentication', name)).stdout).toContain(
      'has another host key than before',
    );
  });
});
