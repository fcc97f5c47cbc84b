import { spawn } from 'node:child_process';
import { connect } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { missingAddon } from '../../helpers/addon.js';
import { findProgram, missingPrograms } from '../../helpers/programs.js';
import { run, vmssh } from '../../helpers/run.js';
import { freePort } from '../../helpers/sockets/servers.js';
import { needed, python, useHypervisors } from './hypervisors.js';

const missing = missingAddon() ?? missingPrograms({ ...needed, python3: 'python3' });

describe.skipIf(missing)('a hypervisor with more logins at once than MaxStartups', () => {
  const bed = useHypervisors({ hv1: { programs: { python3: python() } } });

  it('lets all in, once it has room, without a word of those that it dropped', async () => {
    const [places, logins, port] = [3, 8, await freePort()];
    const own = [
      `MaxStartups=${places}:100:${places}`,
      'ListenAddress=127.0.0.1',
      'LogLevel=DEBUG1',
      `Port=${port}`,
    ];
    const config = join(bed.dir, 'hv1/sshd_config');
    const args = ['-D', '-e', '-f', config, ...own.flatMap((each) => ['-o', each])];
    const sshd = spawn(findProgram('sshd') ?? 'sshd', args, { stdio: ['ignore', 'ignore', 'pipe'] });
    onTestFinished(() => void sshd.kill());
    let log = '';
    sshd.stderr.setEncoding('utf8').on('data', (text: string) => {
      log += text;
    });
    await expect.poll(() => log, { timeout: 20_000 }).toContain('listening on');
    bed.configure('', { hv1: port });
    // They log in nowhere, and have all places.
    const others = Array.from({ length: places }, () => connect(port, '127.0.0.1').on('error', () => {}));
    await Promise.all(others.map((each) => new Promise((resolve) => each.once('data', resolve))));
    const banner = ['nc', '--banner', '--timeout=60', `via/hv1/unix${bed.guest.path}`];
    const all = Array.from({ length: logins }, () => run([...vmssh, ...banner], { env: bed.env }));
    const dropped = () => log.split('\n').filter((line) => line.includes('drop connection #')).length;
    await expect.poll(dropped, { timeout: 30_000 }).toBeGreaterThanOrEqual(logins);
    for (const each of others) each.destroy();
    for (const outcome of await Promise.all(all))
      expect(outcome).toMatchObject({
        code: 0,
        stdout: expect.stringMatching(/^SSH-2\.0-OpenSSH/),
        // The session of an sshd at this LogLevel says something itself.
        stderr: expect.not.stringMatching(/exchange_identification|^Connection|vmssh/m),
      });
  });
});
