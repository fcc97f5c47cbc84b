import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, it, vi } from 'vitest';
import { useSshd } from '../helpers/peers.js';
import { missingPrograms } from '../helpers/programs.js';
import { dist, run, vmssh } from '../helpers/run.js';
import { useTempDir } from '../helpers/temp-dir.js';

const dir = useTempDir();
const sshd = useSshd(dir);

it.skipIf(missingPrograms({ ssh: 'openssh-client', sshd: 'openssh-server' }))(
  'a server whose only key exchange is post-quantum is shown by ssh: ssh2 knows none',
  async () => {
    appendFileSync(join(dir, 'sshd_config'), 'KexAlgorithms sntrup761x25519-sha512@openssh.com\n');
    const { probe } = await import(pathToFileURL(dist('index.mjs')).href);
    const target = `unix${sshd.path}`;
    const [, fingerprint] = (await run(['ssh-keygen', '-lf', join(dir, 'host.pub')])).stdout.split(' ');
    expect(await probe(target)).toMatchObject({
      ...{ banner: expect.stringMatching(/^SSH-2/), methods: expect.arrayContaining(['publickey']) },
      hostKey: { type: 'ssh-ed25519', fingerprint },
    });
    const { stdout } = await run([...vmssh, 'check', '--until=authentication', target]);
    expect(stdout).toContain(`ssh-ed25519 ${fingerprint}`);
    vi.stubEnv('VMSSH_SSH', '/no/such/ssh');
    await expect(probe(target)).rejects.toMatchObject({ op: 'handshake', code: 'NO_SSH', target });
    vi.unstubAllEnvs();
  },
);
