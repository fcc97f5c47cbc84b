import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { lacks } from '../../helpers/programs.js';
import { run, vmssh } from '../../helpers/run.js';
import { useMachined, useSshd } from '../../helpers/sockets/peers.js';
import { useTempDir } from '../../helpers/temp-dir.js';

const names = ['-oProxyCommand=touch ran;$(touch ran)', 'a/b', 'c\nd', '***'];
const idOf = (at: number) => `0123456789abcdef0123456789abcde${at}`;
const machines = names.map((name, at) => ({ name, uuid: `01234567-89ab-cdef-0123-456789abcde${at}` }));

describe.skipIf(lacks('ssh', 'sshd'))('a machine whose name a shell or ssh would read otherwise', () => {
  const dir = useTempDir();
  const more = { class: 'vm', service: 'x', sshAddress: `unix${useSshd(dir).path}` };
  const machined = useMachined(names.map((name, at) => ({ name, id: idOf(at), ...more })));
  const env = { ...process.env, HOME: dir, ...machined.env };
  const program = (...args: string[]) => run([...vmssh, ...args], { env });

  it.each(machines)('$name is reached by its UUID', async ({ uuid }) => {
    expect(await program('check', '--until=authentication', uuid)).toMatchObject({ code: 0 });
    expect(await program('nc', '--banner', uuid)).toMatchObject({ code: 0 });
    const options = ['-oBatchMode=yes', '-oStrictHostKeyChecking=accept-new'];
    const ssh = ['-F', 'none', '-i', join(dir, 'id'), ...options];
    expect(await program('ssh', ...ssh, uuid, 'echo in')).toMatchObject({ code: 0, stdout: 'in\n' });
    expect(readFileSync(join(dir, '.ssh/vmssh_known_hosts.new'), 'utf8')).toContain(`vmssh-${uuid}`);
    expect(await program('forget', uuid)).toMatchObject({ code: 0 });
    expect(existsSync('ran')).toBe(false);
  });

  it('is listed with a target that is one', async () => {
    const { stdout } = await program('list', '--json', '--provider=machined');
    for (const { target } of JSON.parse(stdout).machines)
      expect(await program('check', '--until=authentication', target)).toMatchObject({ code: 0 });
  });
});
