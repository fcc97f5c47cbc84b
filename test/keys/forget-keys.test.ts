import { chmodSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { forget } from '../../src/commands/ssh/forget.js';
import { forgetKeys } from '../../src/keys/forget-keys.js';
import { type pinsIn, withoutNames } from '../../src/keys/pins.js';
import { fakeIo } from '../helpers/fake-io.js';
import { lacks } from '../helpers/programs.js';
import { run } from '../helpers/run.js';
import { useTempDir, writeTree } from '../helpers/temp-dir.js';

const dir = useTempDir();
const key = 'ssh-ed25519 AAAA';

describe('the keys of a name', () => {
  it.each([
    { line: `vmssh-1 ${key}`, left: '' },
    { line: `VMSSH-1 ${key} comment`, left: '' },
    { line: ` \tvmssh-1\t${key}\r`, left: '' },
    { line: `[vmssh-1]:2222 ${key}`, left: '' },
    { line: `!vmssh-2,vmssh-1 ${key}`, left: '' },
    { line: ` other,vmssh-1,third ${key} comment\r`, left: ` other,third ${key} comment\r\n` },
  ])('go from $line', ({ line, left }) => {
    const want = { bytes: `a ${key}\n${left}\nb ${key}`, removed: 1 };
    const { bytes, removed } = withoutNames(Buffer.from(`a ${key}\n${line}\n\nb ${key}`), ['vmssh-1']);
    expect({ bytes: bytes.toString(), removed }).toEqual(want);
  });

  it.each([
    ...[`@cert-authority vmssh-1 ${key}`, `@revoked vmssh-1 ${key}`, `vmssh-10 ${key}`, `vmssh-? ${key}`],
    ...[`!vmssh-1,vmssh-* ${key}`, `# vmssh-1 ${key}`, `#vmssh-1 ${key}`, `other vmssh-1 ${key}`, 'vmssh-1'],
    '',
  ])('are not in %j', (line) => {
    const text = Buffer.from(`a ${key}\n${line}\n`);
    expect(withoutNames(text, ['vmssh-1'])).toEqual({ bytes: text, removed: 0 });
  });

  it('go with those of other names at once', () => {
    const text = Buffer.from(`a ${key}\nb,c ${key}\nc ${key}\nd ${key}\n`);
    const { bytes, removed } = withoutNames(text, ['a', 'c']);
    expect({ bytes: bytes.toString(), removed }).toEqual({ bytes: `b ${key}\nd ${key}\n`, removed: 3 });
  });

  it('go without a change to any other byte', () => {
    const odd = Buffer.from([0x23, 0xe9, 0xff, 0x0d, 0x0a, 0xc3, 0x28, 0x20, 0x00, 0x0a, 0x78]);
    const all = Buffer.concat([Buffer.from(`vmssh-größe ${key}\n`), odd]);
    expect(withoutNames(all, ['vmssh-größe'])).toEqual({ bytes: odd, removed: 1 });
    expect(withoutNames(all, ['vmssh-grÖße'])).toEqual({ bytes: all, removed: 0 });
  });

  it.skipIf(lacks('ssh-keygen'))('go under hashed names too', async () => {
    const path = join(dir, 'hashed');
    await run(['ssh-keygen', '-q', '-t', 'ed25519', '-N', '', '-f', join(dir, 'key')]);
    const real = readFileSync(join(dir, 'key.pub'), 'utf8').split(' ').slice(0, 2).join(' ');
    writeFileSync(path, `vmssh-1 ${real}\nvmssh-größe ${real}\n`);
    await run(['ssh-keygen', '-q', '-H', '-f', path]);
    expect(readFileSync(path, 'utf8')).toMatch(/^\|1\|/);
    expect(await forgetKeys(path, ['vmssh-2'])).toMatchObject({ removed: 0 });
    expect(await forgetKeys(path, ['VMSSH-1'])).toMatchObject({ removed: 1 });
    expect(await forgetKeys(path, ['vmssh-größe'])).toMatchObject({ removed: 1 });
    expect(readFileSync(path, 'utf8')).toBe('');
  });
});

describe('what a name means', () => {
  const [old, now] = ['vmssh-1', 'vmssh-2'];
  const meant = ['machine%web', 'host%web'];
  const text = `${old} ${key} comment machine%web host%web host%old\n${now} ${key} host%web\n`;
  const stranger = `# größe\nvmssh-größe ${key} größe machine%größe\n`;

  it('is forgotten if another machine was meant, and both keep their keys', async () => {
    const path = join(dir, 'shared');
    writeFileSync(path, text + stranger);
    const own = (pins: ReturnType<typeof pinsIn>) => pins.filter(({ alias }) => alias === now);
    const { removed, forgotten, kept } = await forgetKeys(path, [], { meant, own });
    expect({ removed, forgotten, kept }).toEqual({ removed: 0, forgotten: [], kept: [old] });
    const left = `${old} ${key} comment host%old\n${now} ${key} host%web\n${stranger}`;
    expect(readFileSync(path, 'utf8')).toBe(left);
    // The machine that has the name now is the one that is meant.
    expect(await forgetKeys(path, [], { meant, own })).toMatchObject({ removed: 1, kept: [] });
    expect(readFileSync(path, 'utf8')).toBe(`${old} ${key} comment host%old\n${stranger}`);
  });

  it('is no longer a machine that keeps its key, though no key is removed', async () => {
    const path = join(dir, 'unnamed');
    writeFileSync(path, `${old} ${key} machine%web host%old\n`);
    expect(await forgetKeys(path, [], { meant, own: () => [] })).toEqual({
      removed: 0,
      forgotten: [],
      kept: [old],
    });
    expect(readFileSync(path, 'utf8')).toBe(`${old} ${key} host%old\n`);
  });

  it('is all that had it, if no machine has it now', async () => {
    const path = join(dir, 'gone');
    writeFileSync(path, text);
    expect(await forgetKeys(path, [], { meant })).toMatchObject({ removed: 2, kept: [] });
    expect(readFileSync(path, 'utf8')).toBe('');
  });

  it('is all that may be meant, one after the other', async () => {
    const path = join(dir, 'alike');
    writeFileSync(path, `${old} ${key}\n${now} ${key}\nvmssh-3 ${key}\n`);
    const own = (pins: ReturnType<typeof pinsIn>) =>
      pins.filter(({ alias }) => alias !== 'vmssh-3').slice(0, 1);
    expect(await forgetKeys(path, [], { own })).toMatchObject({ removed: 2 });
    expect(readFileSync(path, 'utf8')).toBe(`vmssh-3 ${key}\n`);
  });
});

describe('a file of keys', () => {
  it('that is not there, nor its folder, has none', async () => {
    for (const path of ['none', 'no/folder'])
      expect(await forgetKeys(join(dir, path), ['a'])).toMatchObject({ removed: 0 });
  });

  it('that cannot be read is an error', async () => {
    await expect(forgetKeys(dir, ['a'])).rejects.toMatchObject({ code: 'EINVAL' });
  });

  it('keeps its mode, and loses each line that many processes remove at once', async () => {
    const path = join(dir, 'many');
    const names = Array.from({ length: 30 }, (_, i) => `vmssh-${i}`);
    writeFileSync(path, names.map((name) => `${name} ${key}\n`).join(''));
    chmodSync(path, 0o640);
    const removed = await Promise.all(names.map((name) => forgetKeys(path, [name])));
    expect(removed.map((each) => each.removed)).toEqual(names.map(() => 1));
    expect(readFileSync(path, 'utf8')).toBe('');
    expect(statSync(path).mode & 0o777).toBe(0o640);
  });
});

it('a key that ssh kept by the target goes with its machine, and is shown by its whole name', async () => {
  const uuid = '86e0c1e9-782c-47e0-b7c2-99f8167f5178';
  const entry = { host: 'mint', name: 'Mint', target: 'hyper-v/Mint', provider: 'hyper-v', uuid };
  const state = { version: 2, options: {}, program: [], machines: [entry] };
  const known = `hyper-v/${uuid} ${key}\nhyper-v/mint ${key}\nvmssh-other ${key}\n`;
  const kept = 'home/.ssh/vmssh_known_hosts';
  writeTree(dir, { [kept]: known, 'home/.local/state/vmssh/hosts.json': JSON.stringify(state) });
  const io = fakeIo({ env: { HOME: join(dir, 'home') } });
  expect(await forget.run({ targets: ['mint'], gone: false }, io)).toBe(0);
  expect(readFileSync(join(dir, kept), 'utf8')).toBe(`vmssh-other ${key}\n`);
  const names = `hyper-v/${uuid}, hyper-v/mint`;
  expect(io.stdout.join('')).toContain(`✓ Forgot 2 host keys of "mint", also known as ${names}\n`);
});
