import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { missingAddon } from '../../helpers/addon.js';
import { missingPrograms } from '../../helpers/programs.js';
import { run, vmssh } from '../../helpers/run.js';
import { script } from '../../helpers/temp-dir.js';
import { needed, useHypervisors } from './hypervisors.js';

describe.skipIf(missingAddon() ?? missingPrograms(needed))(
  'the host key of a machine of a hypervisor',
  () => {
    const bed = useHypervisors({ hv1: { programs: { cat: '/bin/cat' } } });
    const home = join(bed.dir, 'own-home');
    const known = join(home, '.ssh/vmssh_known_hosts');
    const keyIn = (file: string) => readFileSync(join(bed.dir, file), 'utf8').trim();
    const there = (text: string) => {
      const bin = join(bed.hosts.hv1?.home ?? '', '.local/bin');
      mkdirSync(bin, { recursive: true });
      script(join(bin, 'vmssh'), text);
    };
    /** Has a machine called mint, whose sshd is on a socket. */
    const lists = (machine: object) => {
      there(`exec ${join(bed.dir, 'vmssh-there')} "$@"`);
      const [folder, home] = [join(bed.dir, 'lists'), bed.hosts.hv1?.home ?? ''];
      const mint = { name: 'mint', status: 'running', address: `unix${bed.guest.path}`, ...machine };
      script(folder, `cat <<'END'\n${JSON.stringify({ version: 1, machines: [mint] })}\nEND`);
      mkdirSync(join(home, '.config/vmssh'), { recursive: true });
      const sources = { version: 1, sources: { mine: { command: [folder] } } };
      writeFileSync(join(home, '.config/vmssh/sources.json'), JSON.stringify(sources));
    };
    /** One that says keys only when it is asked for these alone. `answer`: shell for that. */
    const older = (answer: string) => {
      const ready = `for a; do case $a in --ready=*) echo "\${a#--ready=} by vmssh" ;; esac; done`;
      const reach = `${ready}\nexec ${join(bed.dir, 'vmssh-there')} nc --pipe unix${bed.guest.path} 22`;
      there(`if [ "$1" = host-keys ]; then\n${answer}\nelse\n${reach}\nfi`);
    };
    /** What comes of it, and by how many connections. */
    const counted = async (policy: string) => {
      const before = bed.hosts.hv1?.count() ?? 0;
      const { code, stderr } = await login(policy);
      return { code, stderr, connections: (bed.hosts.hv1?.count() ?? 0) - before };
    };
    const says = (...keys: string[]) => `printf '%s\\n' '${JSON.stringify({ keys })}'`;
    const login = (policy: string) =>
      run([...vmssh, 'ssh', `-oStrictHostKeyChecking=${policy}`, ...quick, 'via/hv1/mint', 'exit 7'], {
        env: { ...bed.env, HOME: home },
        detached: true,
      });
    const quick = ['-oBatchMode=yes', '-i', join(bed.dir, 'id')];
    beforeEach(() => {
      mkdirSync(join(home, '.ssh'), { recursive: true, mode: 0o700 });
      for (const each of [known, `${known}.new`]) rmSync(each, { force: true });
    });

    it.each([
      { name: 'comes with the first login', older: false, connections: 1 },
      { name: 'is asked for by a second one of an older vmssh', older: true, connections: 2 },
    ])('$name, which counts alone, and is kept under its name', async ({ older: isOlder, connections }) => {
      const has = (key: string) => (isOlder ? older(says(key)) : lists({ hostKeys: [key] }));
      has(keyIn('host.pub'));
      expect(await counted('yes')).toEqual({ code: 7, stderr: '', connections });
      expect(readFileSync(known, 'utf8')).toMatch(/^vmssh-via%hv1-mint=[0-9a-f]{32} ssh-ed25519 /);
      has(keyIn('id.pub'));
      expect(await counted('yes')).toEqual({ code: 7, stderr: '', connections: 1 });
      rmSync(known);
      expect(await counted('accept-new')).toMatchObject({ code: 255, connections });
      expect(existsSync(known)).toBe(false);
    });

    it('is unknown if nobody there can say, which is not asked twice', async () => {
      lists({});
      expect(await counted('yes')).toMatchObject({ code: 255, connections: 1 });
      expect(await counted('accept-new')).toMatchObject({ code: 7, connections: 1 });
    });

    it.each([
      { name: 'an older vmssh', answer: 'echo "vmssh: unknown command host-keys" >&2; exit 2' },
      { name: 'no key', answer: `${says('ssh-ed25519 AAAA', '\\u001b[2J')}` },
      { name: 'text without end', answer: 'while :; do echo y; done' },
    ])('is unknown by $name: ssh decides', async ({ answer }) => {
      older(answer);
      expect(await login('yes')).toMatchObject({ code: 255 });
      expect(await login('accept-new')).toMatchObject({ code: 7 });
    });
  },
);
