import { once } from 'node:events';
import { appendFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, it, vi } from 'vitest';
import { lacks } from '../helpers/programs.js';
import { dist, run, vmssh } from '../helpers/run.js';
import { useSshd } from '../helpers/sockets/peers.js';
import { useTempDir } from '../helpers/temp-dir.js';

const dir = useTempDir();
const sshd = useSshd(dir);

it.skipIf(lacks('ssh', 'sshd'))(
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
    vi.stubEnv('VMSSH_SSH', '/proc/none/ssh');
    await expect(probe(target)).rejects.toMatchObject({ op: 'handshake', code: 'NO_SSH', target });
    // A server that says so gets no ssh: SSH_MSG_DISCONNECT, in one packet.
    const said = Buffer.from(
      'SSH-2.0-x\r\n\0\0\0\x24\x04\x01\0\0\0\x02\0\0\0\x12a no matching one!\0\0\0\0\0\0\0\0',
      'latin1',
    );
    const server = createServer((socket) => socket.on('error', () => {}).write(said)).listen(
      join(dir, 'says'),
    );
    await once(server, 'listening');
    const saying = probe(`unix${join(dir, 'says')}`);
    await expect(saying).rejects.toMatchObject({
      code: 'HANDSHAKE',
      message: expect.stringContaining('a no matching one!'),
    });
    server.close();
    vi.unstubAllEnvs();
  },
);
