import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { adoptKeys, withAdopted } from '../../src/host-keys/adopt.js';
import { useTempDir } from '../helpers/temp-dir.js';

const dir = useTempDir();
const [one, two] = ['ssh-ed25519 AAAA', 'ssh-rsa BBBB'];
// ssh-keygen -H made it of machine/web.
const hashed = '|1|tGD7ugERiZQROD2W8oXyRUR4cLU=|qlBq77pbLacOxQkCoJXjqYZ9xBo=';
const web = { alias: 'vmssh-machine%web', typed: ['machine/web', 'machine%web'] };
const db = { alias: 'vmssh-machine%db', typed: ['machine/db'] };

describe('keys under typed names', () => {
  it.each([
    {
      name: 'are copied, from each name once, also without a line end',
      text: `machine/web ${one}\n[Machine%Web]:2222 ${one} note\nother,machine%web ${two}`,
      want: `\n${web.alias} ${one}\n${web.alias} ${two}\n`,
    },
    {
      name: 'are copied with their markers',
      text: `@revoked machine/web ${one}\n`,
      want: `@revoked ${web.alias} ${one}\n`,
    },
    {
      name: 'of each machine',
      text: `machine/db ${one}\nmachine/web ${two}\n`,
      want: `${web.alias} ${two}\n${db.alias} ${one}\n`,
    },
    {
      name: 'stay as they are if the alias has one',
      text: `${web.alias} ${two}\nmachine/web ${one}\n`,
      want: '',
    },
    { name: 'are copied if they are hashed', text: `${hashed} ${one}\n`, want: `${web.alias} ${one}\n` },
    {
      name: 'are copied if the alias has a revoked one alone',
      text: `@revoked ${web.alias} ${two}\nmachine/web ${one}\n`,
      want: `${web.alias} ${one}\n`,
    },
    { name: 'stay as they are if only a pattern fits', text: `machine/* ${one}\n`, want: '' },
    { name: 'are none', text: `machine/other ${one}\n# machine/web ${one}\n\n`, want: '' },
  ])('$name', ({ text, want }) => {
    const bytes = Buffer.from(text);
    const after = withAdopted(bytes, [web, db]);
    expect(after.toString()).toBe(`${text}${want}`);
    expect(withAdopted(after, [web, db])).toBe(after);
    if (want === '') expect(after).toBe(bytes);
  });

  it('are adopted in the file, which is otherwise unchanged', async () => {
    const path = join(dir, 'hosts');
    writeFileSync(path, `machine/web ${one}\n`);
    await adoptKeys(path, [web]);
    expect(readFileSync(path, 'utf8')).toBe(`machine/web ${one}\n${web.alias} ${one}\n`);
    const { ino } = statSync(path);
    await adoptKeys(path, [web]);
    expect(statSync(path).ino).toBe(ino);
    await adoptKeys(join(dir, 'none'), [web]);
    expect(existsSync(join(dir, 'none'))).toBe(false);
    await adoptKeys('/dev/null/x', [web]);
  });
});
