import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { missingAddon } from '../../helpers/addon.js';
import { missingPrograms } from '../../helpers/programs.js';
import { run, vmssh } from '../../helpers/run.js';
import { script } from '../../helpers/temp-dir.js';
import { needed, useHypervisors } from './hypervisors.js';

/** The vmssh there says keys of a machine called mint, whose sshd is on a socket. */
describe.skipIf(missingAddon() ?? missingPrograms(needed))(
  'the host key of a machine of a hypervisor',
  () => {
    const bed = useHypervisors({ hv1: {} });
    const home = join(bed.dir, 'own-home');
    const known = join(home, '.ssh/vmssh_known_hosts');
    const keyIn = (file: string) => readFileSync(join(bed.dir, file), 'utf8').trim();
    /** `answer`: shell for `vmssh host-keys` there. */
    const there = (answer: string) => {
      const bin = join(bed.hosts.hv1?.home ?? '', '.local/bin');
      mkdirSync(bin, { recursive: true });
      const named = `for a; do shift; [ "$a" != mint ] || a=unix${bed.guest.path}; set -- "$@" "$a"; done`;
      const reach = `${named}\nexec ${join(bed.dir, 'vmssh-there')} "$@"`;
      script(join(bin, 'vmssh'), `if [ "$1" = host-keys ]; then\n${answer}\nelse\n${reach}\nfi`);
    };
    const says = (...keys: string[]) => `printf '%s\\n' '${JSON.stringify({ keys })}'`;
    const login = (policy: string) =>
      run([...vmssh, 'ssh', '-o', 'BatchMode=yes', '-i', join(bed.dir, 'id'), 'via/hv1/mint', 'exit 7'], {
        env: { ...bed.env, HOME: home, VMSSH_HOST_KEYS: policy },
        detached: true,
      });
    beforeEach(() => {
      mkdirSync(join(home, '.ssh'), { recursive: true, mode: 0o700 });
      rmSync(known, { force: true });
    });

    it('is asked for there at the first login, which is strict, and kept under its name', async () => {
      there(says(keyIn('host.pub')));
      const first = await login('strict');
      expect(first).toMatchObject({ code: 7, stderr: expect.stringContaining('its manager confirms') });
      expect(readFileSync(known, 'utf8')).toMatch(/^vmssh-via%hv1-mint=[0-9a-f]{32} ssh-ed25519 /);
      there('exit 2');
      expect(await login('strict')).toMatchObject({ code: 7, stderr: '' });
    });

    it('is refused if the hypervisor has another', async () => {
      there(says(keyIn('id.pub')));
      expect(await login('accept-new')).toMatchObject({ code: 255 });
      expect(existsSync(known)).toBe(false);
    });

    it.each([
      { name: 'an older vmssh', answer: 'echo "vmssh: unknown command host-keys" >&2; exit 2' },
      { name: 'no key', answer: `${says('ssh-ed25519 AAAA', '\\u001b[2J')}` },
      { name: 'text without end', answer: 'while :; do echo y; done' },
    ])('is unknown by $name: the policy decides', async ({ answer }) => {
      there(answer);
      expect(await login('strict')).toMatchObject({ code: 255 });
      expect(await login('accept-new')).toMatchObject({ code: 7 });
    });
  },
);
