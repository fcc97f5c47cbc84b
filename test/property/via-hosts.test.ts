import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect } from 'vitest';
import { concreteHosts } from '../../src/hosts/hosts.js';
import { configText } from '../../src/hosts/text.js';
import { asTarget } from '../../src/kinds/kinds.js';
import { run } from '../helpers/run.js';
import { useTempDir } from '../helpers/temp-dir.js';
import { property, textOf } from './property.js';

const folder = useTempDir();

const host = textOf('ab01.-', 2, 6).filter((text) => asTarget(`via/${text}/x`) !== undefined);
const part = fc.oneof(fc.constantFrom('a', 'mint', 'Mint'), textOf('ab01.-%/*?!: ', 1, 5));
const separator = fc.constantFrom('/', '%', '.', '-', '?', '*', ':', '!', '_');

/**
 * A hypervisor that is called like the first or last part of another, and says of its machine what is left of a text that is typed
 * for the other.
 */
const liar = fc
  .record({ other: host, part, at: fc.nat(5), replaced: fc.option(separator), isTarget: fc.boolean() })
  .map(({ other, part, at, replaced, isTarget }) => {
    const cut = 1 + (at % (other.length - 1));
    const left = `${other}/${part}`.slice(cut + 1);
    const said = replaced === null ? left : left.replace(/[/%.]/, replaced);
    const front = {
      via: other.slice(0, cut),
      name: isTarget ? 'x' : said,
      target: isTarget ? said : 'qemu/x',
    };
    const back = { via: other.slice(cut), name: `${part}.${other.slice(0, cut - 1)}`, target: 'qemu/x' };
    return { other, part, said: [front, back] };
  });

property(
  'a machine of one hypervisor has no say in what is typed for another',
  fc.record({
    lies: fc.array(liar, { minLength: 1, maxLength: 3 }),
    prefix: fc.constantFrom('', 'vm-', 'a.'),
  }),
  async ({ lies, prefix }) => {
    const listed = lies
      .flatMap(({ said }) => said)
      .map(({ via, name, target }, at) => ({
        name,
        target: `via/${via}/${target}`,
        provider: 'libvirt',
        also: [],
        via,
        user: `u${at}`,
        status: 'running' as const,
        uuid: `11111111-2222-4333-8444-${String(at).padStart(12, '0')}`,
      }));
    const { hosts } = concreteHosts(listed, { prefix, taken: () => undefined, knownHosts: '~/k' });
    const file = join(folder, 'config');
    writeFileSync(file, configText({ program: ['/usr/bin/vmssh'], fdpass: true, hosts }));
    const typed = lies.flatMap(({ other, part }) => forms(other, part, prefix));
    for (const { text, via, index } of await whose(typed, file))
      expect({ text, via: listed[index]?.via }).toEqual({ text, via });
  },
  20,
);

interface Typed {
  readonly text: string;
  /** The hypervisor that is meant. */
  readonly via: string;
}

function forms(via: string, part: string, prefix: string): readonly Typed[] {
  const percent = part.replaceAll('/', '%');
  const typed = [`via/${via}/${part}`, `via%${via}%${percent}`, `via/${via}%${percent}`];
  if (/^[\w-]+$/.test(part)) typed.push(`${prefix}${part}.${via}`);
  return typed.map((text) => ({ text, via }));
}

/** For each machine that the real ssh takes a User or a name in known_hosts from: its index. */
async function whose(typed: readonly Typed[], file: string): Promise<readonly (Typed & { index: number })[]> {
  const each = 'for host; do echo "<$(ssh -G -T -F "$0" -- "$host" 2>&1)>"; done';
  const { stdout } = await run(['sh', '-c', each, file, ...typed.map(({ text }) => text)]);
  const answers = stdout.split('>\n<');
  expect(answers).toHaveLength(typed.length);
  return typed.flatMap((one, at) =>
    [/^user u(\d+)$/m, /^hostkeyalias vmssh-11111111-2222-4333-8444-0*(\d+)$/m].flatMap((line) => {
      const found = line.exec(answers[at] ?? '')?.[1];
      return found === undefined ? [] : [{ ...one, index: Number(found) }];
    }),
  );
}
