import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { fingerprintOf } from '../../../src/ssh/known-hosts.js';
import { pathWithSsh } from '../../helpers/programs.js';
import { run, vmssh } from '../../helpers/run.js';
import { script, writeTree } from '../../helpers/temp-dir.js';
import { missing, useMachines, user, uuid } from './machines.js';

/** A broken machine, and what has to be said of it; undefined: what is printed mends it. */
interface Broken {
  readonly name: string;
  readonly machine?: string;
  /** Lines of its sshd_config. */
  readonly config?: string;
  readonly breaks?: () => void;
  readonly cause?: RegExp;
}

describe.skipIf(missing)(`the hints of check and setup${missing ? `: ${missing}` : ''}`, () => {
  const { dir, home, root, env } = useMachines();
  const [config, sshd] = [join(root, 'sshd_config'), join(root, 'usr/sbin/sshd')];
  const own = join(home, '.ssh/config');
  const ours = () => readFileSync(join(home, '.ssh/id_ed25519.pub'), 'utf8');
  const letIn = (before = '') => writeTree(root, { 'home/.ssh/authorized_keys': `${before}${ours()}` });
  const consoleShows = () => {
    const key = readFileSync(join(root, 'etc/ssh/ssh_host_ed25519_key.pub'), 'utf8').split(' ')[1] ?? '';
    return fingerprintOf(Buffer.from(key, 'base64'));
  };
  const kept = new Map<string, Buffer>();

  beforeAll(() => {
    // Nothing is installed on this host.
    script(join(dir, 'fakes/apt-get'), 'echo "no network" >&2; exit 100');
    writeFileSync(own, `IdentityFile ${home}/.ssh/id_ed25519\n`);
    env.PATH = pathWithSsh(join(dir, 'first'), own, env.PATH);
    for (const path of [config, sshd, own]) kept.set(path, readFileSync(path));
  });
  afterEach(() => {
    for (const [path, bytes] of kept) writeFileSync(path, bytes, { mode: 0o755 });
    const made = ['state', 'home/.ssh/vmssh.conf', 'home/.ssh/vmssh_known_hosts', 'root/home/.ssh', 'lie'];
    for (const path of [...made, 'root/var/lib/vmssh', 'root/keys'])
      rmSync(join(dir, path), { recursive: true, force: true });
  });

  /** Runs a command, and each that it prints for this machine; `path`: those that led to it. */
  async function walk(line: string, machine: string, path: readonly string[] = []): Promise<string> {
    const walked = [...path, line];
    expect(path, `a circle: ${walked.join(' -> ')}`).not.toContain(line);
    const words = [...line.split(' '), ...(line.startsWith('setup') ? ['--yes'] : [])];
    const { stdout, stderr } = await run([...vmssh, ...words], { env });
    const command = `\\b(setup|check|guest check|forget)((?: --?\\S+(?: [^\\s-]\\S*)?)*) (?:(\\S*${machine})(?= |,|;|$)|puts)`;
    const all = [`$ ${line}\n${stdout}${stderr}`];
    for (const [, name, flags = '', target = machine] of stdout.matchAll(new RegExp(command, 'gm'))) {
      const told = flags.replaceAll('NAME', user).replaceAll('SHA256:...', consoleShows);
      all.push(await walk(`${name}${told} ${target}`, machine, walked));
    }
    return all.join('');
  }

  it.each<Broken>([
    { name: 'it was never set up' },
    {
      name: 'another key',
      breaks: () => writeTree(root, { 'home/.ssh/authorized_keys': 'ssh-ed25519 AAAA' }),
    },
    { name: 'keys elsewhere', config: `AuthorizedKeysFile ${root}/keys/%u`, breaks: letIn },
    { name: 'a list', config: 'AllowUsers bob', breaks: letIn, cause: /AllowUsers is bob/ },
    { name: 'no keys', config: 'PubkeyAuthentication no', cause: /results in PubkeyAuthentication no/ },
    { name: 'a command', config: 'ForceCommand /bin/false', breaks: letIn, cause: /a command of its own/ },
    {
      name: 'more than a key',
      config: 'AuthenticationMethods publickey,keyboard-interactive',
      breaks: letIn,
      cause: /^! .*ssh would ask for a second factor \(keyboard-interactive\)[^\n]*\n(?![^$]*✗)/m,
    },
    {
      name: 'a type of key',
      config: 'PubkeyAcceptedAlgorithms rsa-sha2-512',
      breaks: letIn,
      cause: /PubkeyAcceptedAlgorithms rsa-sha2-512, without ssh-ed25519/,
    },
    { name: 'from=', breaks: () => letIn('from="192.0.2.1" '), cause: /has from="192.0.2.1" before the key/ },
    {
      name: 'what nobody can see',
      breaks() {
        letIn();
        const isAsked = '[ "$1" = -t ] || set -- -o PubkeyAuthentication=no "$@"';
        writeFileSync(sshd, `${kept.get(sshd)}`.replace(/^exec /m, `${isAsked}\nexec `));
      },
      cause: /though \S+ has its key/,
    },
    { name: 'no sshd', breaks: () => rmSync(sshd), cause: /no network/ },
    {
      name: 'another host key',
      breaks: () => writeTree(home, { '.ssh/vmssh_known_hosts': `vmssh-${uuid} ${ours()}` }),
      cause: /forget incus\/web/,
    },
    { name: 'off', machine: 'incus/off', cause: /incus start/ },
    { name: "another user's", machine: 'incus/hers', cause: /run it in a terminal/ },
    {
      name: 'nonsense',
      breaks: () => writeFileSync(join(dir, 'lie'), 'ok account root\n'),
      cause: /the script did not end there/,
    },
  ])('lead to an end that names the cause: $name', async (row) => {
    const { machine = 'incus/web', config: line, breaks, cause } = row;
    if (line) writeFileSync(config, `${line}\n${kept.get(config)}`);
    breaks?.();
    let said = await walk(`check ${machine}`, machine);
    // What a plan says of a configuration is seen in the tests of setup.
    if (!line && !said.includes('$ setup')) said += await walk(`setup ${machine}`, machine);
    expect(said).toMatch(cause ?? /^Ready: ssh \S+|✓ \S+ is set up: /m);
  });
});
