import { describe, expect, it } from 'vitest';
import { lacks } from '../../helpers/programs.js';
import { factor } from '../../property/property.js';
import { useKeyBed } from './key-bed.js';
import { missingOwnHome } from './own-home.js';

/** By night 200. */
const count = Math.ceil(16 * factor);
const atOnce = 8;

describe.skipIf(lacks('ssh', 'sshd', 'socat') ?? missingOwnHome())('many logins at once', () => {
  const bed = useKeyBed('web');

  it(`lose and cut no key: ${count} that ssh keeps beside ${count} that vmssh completes`, {
    timeout: 240_000 * Math.max(1, factor),
  }, async () => {
    bed.begin();
    const named = (word: string) => Array.from({ length: count }, (_, at) => `${word}-${at}`);
    const [known, unknown] = [named('known'), named('new')];
    const rows = [...known, ...unknown].map((name) => ({ at: 'a' as const, id: `of ${name}`, name }));
    bed.lists(...rows);
    const login = async (name: string, told: string) =>
      expect(await bed.ssh(`lab/${name}`, `-oStrictHostKeyChecking=${told}`), name).toMatchObject({
        code: 7,
      });
    await each(known, (name) => login(name, 'accept-new'));
    const mixed = known.flatMap((name, at) => [name, unknown[at] ?? '']);
    await each(mixed, (name) => login(name, known.includes(name) ? 'yes' : 'accept-new'));
    await each(mixed, (name) => login(name, 'yes'));
    const lines = bed
      .kept()
      .split('\n')
      .filter((line) => line !== '' && !line.startsWith('#'));
    for (const line of lines) expect(line.split(' ').slice(1, 3).join(' ')).toBe(bed.key('a'));
    expect(lines.length).toBeGreaterThanOrEqual(mixed.length);
  });
});

async function each(names: readonly string[], work: (name: string) => Promise<void>): Promise<void> {
  const left = [...names];
  const one = async () => {
    for (let name = left.shift(); name !== undefined; name = left.shift()) await work(name);
  };
  await Promise.all(Array.from({ length: atOnce }, one));
}
