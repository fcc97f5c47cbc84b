import { spawn } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { missingAddon } from '../../helpers/addon.js';
import { lacks } from '../../helpers/programs.js';
import { outcome, run } from '../../helpers/run.js';
import { useSshd } from '../../helpers/sockets/peers.js';
import { useTempDir } from '../../helpers/temp-dir.js';

const modes = missingAddon() === undefined ? (['fdpass', 'relay'] as const) : (['relay'] as const);

describe.skipIf(lacks('ssh', 'sshd', 'openssl')).each(modes)('a login by %s', (mode) => {
  const sshd = useSshd(useTempDir());

  it('carries 1 GiB in each direction unchanged', async () => {
    const [program = '', ...args] = [...sshd.ssh(mode), `unix${sshd.path}`];
    const up = spawn(program, [...args, 'sha256sum'], { stdio: ['pipe', 'pipe', 'inherit'] });
    const sum = createHash('sha256');
    const sent = (async () => {
      const block = randomBytes(1 << 20);
      for (let i = 0; i < 1024; i++) {
        block.writeUInt32BE(i, 0);
        sum.update(block);
        if (!up.stdin.write(Buffer.from(block)))
          await new Promise((resolve) => up.stdin.once('drain', resolve));
      }
      up.stdin.end();
    })();
    const [result] = await Promise.all([outcome(up), sent]);
    expect(result).toMatchObject({ code: 0, stdout: `${sum.digest('hex')}  -\n` });

    const source =
      'openssl enc -aes-128-ctr -nosalt -K 00112233445566778899aabbccddeeff -iv 0 < /dev/zero 2>/dev/null | head -c 1073741824';
    const wanted = await run(['sh', '-c', `${source} | sha256sum`], { timeout: 300_000 });
    const down = spawn(program, [...args, source], { stdio: ['ignore', 'pipe', 'inherit'] });
    const hash = createHash('sha256');
    let bytes = 0;
    for await (const part of down.stdout) {
      hash.update(part);
      bytes += part.length;
    }
    expect([bytes, `${hash.digest('hex')}  -\n`]).toEqual([1 << 30, wanted.stdout]);
  }, 900_000);
});
