import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect } from 'vitest';
import { makeContainer } from '../../connect/exec/container.js';
import { missingPrograms } from '../../helpers/programs.js';
import { run, vmssh } from '../../helpers/run.js';
import { makePrivsepFolder, sshdConfig } from '../../helpers/sshd.js';
import { script, treeOf, useTempDir } from '../../helpers/temp-dir.js';
import { listing } from '../sources/own-source.js';

export const missing = missingPrograms({
  ssh: 'openssh-client',
  sshd: 'openssh-server',
  runuser: 'util-linux',
});
export const user = userInfo().username;
export const uuid = '22222222-2222-4333-8444-555555555555';
export const dmi = 'sys/class/dmi/id/product_uuid';

/** Machines of Incus, a stand-in: what it starts runs in a folder in place of the container's root. sh, the scripts, sshd and ssh are real. */
export function useMachines() {
  const dir = useTempDir();
  const [home, root] = [join(dir, 'home'), join(dir, 'root')];
  const instances = [
    { name: 'web', type: 'container', status: 'Running', config: { 'volatile.uuid': uuid } },
    { name: 'off', type: 'container', status: 'Stopped', config: {} },
    { name: 'hers', type: 'container', status: 'Running', config: {}, project: 'user-4242' },
    { name: "o'x;id", type: 'container', status: 'Stopped', config: {} },
  ];
  const server = createServer(({ url = '' }, response) => {
    if (existsSync(join(dir, 'kill-pinned')) && existsSync(join(home, '.ssh/vmssh_known_hosts')))
      process.kill(Number(readFileSync(join(dir, 'pid'), 'utf8')), 'SIGKILL');
    if (existsSync(join(dir, 'interrupt')))
      return process.kill(Number(readFileSync(join(dir, 'pid'), 'utf8')), 'SIGINT');
    const path = new URL(url, 'http://x').searchParams.get('path');
    if (path === null)
      return response.end(
        JSON.stringify({ metadata: instances.filter(({ name }) => !existsSync(join(dir, `gone-${name}`))) }),
      );
    const isHidden = existsSync(join(dir, 'hide-files')) && existsSync(join(dir, 'state/vmssh/hosts.json'));
    const file = join(root, isHidden ? 'none' : path);
    if (!existsSync(file)) response.statusCode = 404;
    return response.end(existsSync(file) ? readFileSync(file) : '{}');
  });
  const env: NodeJS.ProcessEnv = {};

  beforeAll(async () => {
    makePrivsepFolder();
    await once(server.listen(join(dir, 'incus.sock')), 'listening');
    mkdirSync(join(home, '.ssh'), { recursive: true, mode: 0o700 });
    mkdirSync(join(dir, 'runtime'), { mode: 0o700 });
    execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', join(home, '.ssh/id_ed25519')]);
    const has = ['grep', 'id', 'mkdir', 'sh'];
    const made = makeContainer(dir, { program: 'inside', keys: dir, has });
    // What it says of its files is what it would say with this folder as its root.
    const sshd = join(root, 'usr/sbin/sshd');
    const says = `case $1 in -T) "$0" -t -T "$@" | sed 's#${root}/#/#g'; exit ;; esac\nexec `;
    writeFileSync(sshd, readFileSync(sshd, 'latin1').replace('exec ', says), 'latin1');
    const own = { AuthorizedKeysFile: 'home/.ssh/authorized_keys', HostKey: 'etc/ssh/ssh_host_ed25519_key' };
    const config = Object.entries(own).map(([keyword, path]) => `${keyword} ${join(root, path)}\n`);
    const rest = sshdConfig(dir).split('\n').slice(2).join('\n');
    const match = '\nMatch User other\n    AuthorizedKeysFile none\n';
    writeFileSync(join(root, 'sshd_config'), config.join('') + rest + match);
    for (const folder of ['home', 'etc/ssh', 'var/lib', 'run'])
      mkdirSync(join(root, folder), { recursive: true });
    // For a machine whose root this is, whoever runs the test.
    const fakes = join(dir, 'fakes');
    mkdirSync(fakes);
    script(
      join(fakes, 'getent'),
      `[ "\${2-${user}}" = ${user} ] && echo '${user}:x:1000:1000::/home:/bin/sh'`,
    );
    if (process.getuid?.() !== 0) {
      script(join(fakes, 'id'), 'echo 0');
      script(join(fakes, 'runuser'), 'shift 3; exec "$@"');
    }
    script(
      join(made.bin, 'incus'),
      `echo >>'${dir}/manager-calls'
[ ! -e '${dir}/kill-at' ] || [ "$(wc -l <'${dir}/manager-calls')" -lt "$(cat '${dir}/kill-at')" ] || { kill -KILL "$(cat '${dir}/pid')"; exit 1; }
case "$*" in
list*) [ ! -e '${join(dir, 'stopped')}' ] || { echo 'Error: is it running?' >&2; exit 1; } ;;
*' /bin/sh -s') [ -e '${join(dir, 'lie')}' ] && cat >/dev/null && exec cat '${join(dir, 'lie')}'; sed "s#^R=''#R='${root}'#" | PATH='${fakes}':$PATH exec /bin/sh -s ;;
*' /usr/bin/find '*) shift 3; exec find $(printf '%s\\n' "$@" | sed 's#^/etc#${root}&#') ;;
*) exec '${join(made.bin, 'inside')}' "$@" ;;
esac`,
    );
    const exec = [join(made.bin, 'incus'), 'exec', '--'];
    const lab = { name: 'lab', id: 'lab-1', status: 'running', exec, dmiUuid: uuid };
    const box = join(made.bin, 'box');
    script(box, listing(lab));
    mkdirSync(join(home, '.config/vmssh'), { recursive: true });
    mkdirSync(join(root, 'sys/class/dmi/id'), { recursive: true });
    writeFileSync(join(root, dmi), `${uuid}\n`);
    const sources = JSON.stringify({ version: 1, sources: { box: { command: [box] } } });
    writeFileSync(join(home, '.config/vmssh/sources.json'), sources);
    Object.assign(env, {
      ...made.env,
      HOME: home,
      XDG_CONFIG_HOME: undefined,
      XDG_STATE_HOME: join(dir, 'state'),
      XDG_RUNTIME_DIR: join(dir, 'runtime'),
      INCUS_SOCKET: join(dir, 'incus.sock'),
      SSH_AUTH_SOCK: undefined,
    });
  });
  afterAll(() => void server.close());
  return { dir, home, root, env };
}

/** `vmssh setup -v` of them, and all that it may change. */
export function useSetup() {
  const { dir, home, root, env } = useMachines();
  const setup = (...args: readonly string[]) => run([...vmssh, 'setup', '-v', ...args], { env });
  const trees = () => [treeOf(root), treeOf(home)];
  /** It ends with these words, and changes nothing. */
  const changesNothing = async (says: RegExp, args: readonly string[], code = 1) => {
    const before = trees();
    const end = await setup(...args);
    expect(end.stdout + end.stderr).toMatch(says);
    expect(end.code).toBe(code);
    expect(trees()).toEqual(before);
  };
  return { dir, home, root, env, setup, trees, changesNothing };
}
