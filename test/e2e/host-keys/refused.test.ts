import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { lacks } from '../../helpers/programs.js';
import type { Outcome } from '../../helpers/run.js';
import { onTerminal } from '../../helpers/terminal.js';
import { property } from '../../property/property.js';
import { isIn, ssh, useKeyBed } from './key-bed.js';
import { missingOwnHome } from './own-home.js';

const missing = lacks('ssh', 'sshd', 'script') ?? missingOwnHome();
const name = 'web';
const spellings = [
  ...[name, `lab/${name}`, `lab%${name}`, `lab/${name.toUpperCase()}`],
  ...['UUID', 'address'],
] as const;
const policies = ['yes', 'ask', 'accept-new', 'no'] as const;

describe.skipIf(missing)('a machine whose key is known', () => {
  const bed = useKeyBed(name);
  const typedAs = (spelling: string, at: 'a' | 'b' = 'a') =>
    spelling === 'address' ? bed.address(at) : spelling === 'UUID' ? bed.id : spelling;
  const everyName = () => [...spellings.map((each) => typedAs(each)), bed.address('b')].join(',');
  const known = async (spelling = name as string) =>
    expect(await bed.ssh(typedAs(spelling), '-oStrictHostKeyChecking=accept-new')).toMatchObject({ code: 7 });

  /** What is there in its place. */
  const changes = {
    'another key': () => bed.lists({ at: 'b', id: '1' }),
    'another machine of its name': () => bed.lists({ at: 'b', id: '2' }),
    'another key than its manager reads': () => bed.lists({ at: 'b', id: '1', hostKeys: [bed.key('a')] }),
    'one that is called by its UUID': () => bed.lists({ at: 'b', id: '2', name: bed.id }),
    'one without an id that is called by its UUID': () => bed.lists({ at: 'b', name: bed.id }),
    'a key that is revoked': () => bed.lists({ at: 'b', id: '1' }),
  };
  const ofUuid = /UUID/;
  const why = /host key|no machine on this host has this id/i;
  /** A good certificate of a CA that the user has makes a machine that one. */
  const endures = /UUID|revoked/;

  const wanted = fc
    .record({
      change: fc.constantFrom(...(Object.keys(changes) as (keyof typeof changes)[])),
      first: fc.constantFrom(undefined, ...spellings),
      isKnownTwice: fc.boolean(),
      typed: fc.constantFrom(...spellings),
      policy: fc.constantFrom(...policies),
      way: fc.constantFrom('ssh', 'ssh', 'vmssh ssh', 'lines'),
      days: fc.constantFrom(0, 7, 45),
      certificate: fc.constantFrom('none', 'new CA', 'expired', 'good'),
    })
    .map(({ first, typed, certificate, ...all }) => ({
      ...all,
      first: first ?? (/manager|revoked/.test(all.change) ? undefined : name),
      typed: ofUuid.test(all.change) ? ('UUID' as const) : typed === 'UUID' ? name : typed,
      certificate: certificate === 'good' && !endures.test(all.change) ? ('expired' as const) : certificate,
    }));

  property(
    'refuses another one, whatever ssh is told, however it is typed and whoever has certified the other',
    wanted,
    async ({ change, first, isKnownTwice, typed, policy, way, days, certificate }) => {
      const cas = `@cert-authority * ${bed.authority('ca')}\n`;
      const lines = way === 'lines' ? `Host *\n    StrictHostKeyChecking ${policy}\n` : '';
      bed.begin(lines, `${cas}${change === 'a key that is revoked' ? `@revoked * ${bed.key('b')}\n` : ''}`);
      bed.lists({ at: 'a', id: '1' });
      if (first !== undefined) await known(first);
      if (first !== undefined && isKnownTwice) await known();
      bed.age(days);
      const before = bed.kept();
      changes[change]();
      if (certificate === 'new CA') bed.authority('new');
      const made = { 'new CA': { ca: 'new' }, expired: { validity: '-2d:-1d' }, good: {}, none: undefined };
      const options = made[certificate];
      bed.certify('b', options && { principals: everyName(), ...options });
      const told = way === 'lines' ? [] : [`-oStrictHostKeyChecking=${policy}`];
      const host = typedAs(typed, 'b');
      const login = (): Promise<Outcome> =>
        way === 'vmssh ssh' ? bed.vmssh('ssh', ...told, host, 'exit 7') : bed.ssh(host, ...told);
      for (const again of [false, true]) {
        const { code, stderr } = await login();
        expect({ again, code, stderr }).toMatchObject({
          code: 255,
          stderr: expect.stringMatching(why),
        });
        expect(bed.kept()).not.toContain(bed.key('b'));
      }
      for (const line of before.split('\n')) expect(bed.kept()).toContain(line);
      bed.lists({ at: 'a', id: '1' });
      const back = await bed.ssh(typedAs(typed), '-oStrictHostKeyChecking=yes');
      if (first !== undefined) expect(isIn(back)).toBe(true);
    },
    30,
  );

  it('is asked about once, by whichever name', async () => {
    bed.begin();
    bed.lists({ at: 'a', id: '1' });
    let questions = 0;
    const asked = [...bed.within, ssh, `lab/${name}`, 'exit 7'];
    const login = await onTerminal(
      asked,
      /yes\/no/,
      (type) => {
        questions++;
        type('yes\n');
      },
      bed.env,
    );
    expect({ code: login.code, questions }).toEqual({ code: 7, questions: 1 });
    for (const each of spellings)
      expect(await bed.ssh(typedAs(each), '-oStrictHostKeyChecking=yes')).toMatchObject({ code: 7 });
  });
});
