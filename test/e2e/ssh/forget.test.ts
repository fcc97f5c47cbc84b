import { mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { run, vmssh } from '../../helpers/run.js';
import { useTempDir } from '../../helpers/temp-dir.js';

describe('vmssh forget', () => {
  const home = useTempDir();
  const folder = join(home, '.ssh');
  const file = join(folder, 'vmssh_known_hosts');
  // No provider has machines of these ids.
  const ids = Array.from({ length: 30 }, (_, i) => `7777${i + 1000}-0000-4000-8000-000000000000`);
  const key = 'ssh-ed25519 AAAA';
  const forget = (...targets: string[]) =>
    run([...vmssh, 'forget', ...targets], { env: { ...process.env, HOME: home }, timeout: 280_000 });
  beforeEach(() => {
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder);
  });

  it('run 30 times at once forgets 30 keys, and keeps every other byte', async () => {
    const kept = Buffer.concat([
      Buffer.from(`@revoked vmssh-${ids[0]} ${key}\n@cert-authority * ${key}\n# caf`),
      Buffer.from([0xe9, 0x0a]),
      Buffer.from(`other ${key}\r\n`),
    ]);
    const lines = ids.map((id) => `vmssh-${id} ${key}\n`).join('');
    writeFileSync(file, Buffer.concat([Buffer.from(lines), kept]));
    const results = await Promise.all(ids.map((id) => forget(id)));
    expect(results).toEqual(
      ids.map((id) => ({ code: 0, signal: null, stdout: `✓ Forgot the host key of "${id}"\n`, stderr: '' })),
    );
    expect(readFileSync(file)).toEqual(kept);
    expect(readdirSync(folder)).toEqual(['vmssh_known_hosts']);
  }, 600_000);

  it('says when it knows no key, which is no failure, and when it cannot read the file', async () => {
    const [id = ''] = ids;
    const none = `no host key of "${id}" is known in ${file}`;
    expect(await forget(id)).toMatchObject({ code: 0, stderr: expect.stringContaining(none) });
    symlinkSync('/dev/zero', file);
    const unread = `"${file}" cannot be changed: EINVAL: it is not a regular file\n`;
    expect(await forget(id)).toMatchObject({ code: 1, stderr: `vmssh: ${unread}` });
  });
});
