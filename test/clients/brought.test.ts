import { once } from 'node:events';
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeContainer } from '../connect/exec/container.js';
import { missingBrought } from '../helpers/programs.js';
import { run, vmssh } from '../helpers/run.js';
import { useTempDir } from '../helpers/temp-dir.js';
import { clients, missing } from './clients.js';

const reason = missingBrought();
const { username, uid, gid } = userInfo();

// The other clients ask for a key that is known from before, which this sshd never has.
describe.skipIf(reason)(`by an sshd that was brought into a container${reason ? `: ${reason}` : ''}`, () => {
  const dir = useTempDir();
  const machine = { name: 'web', dir: join(dir, 'root') };
  const config = { 'volatile.uuid': '22222222-2222-4333-8444-555555555555' };
  const answer = { metadata: [{ name: 'web', type: 'container', status: 'Running', config }] };
  const server = createServer((_, response) => response.end(JSON.stringify(answer)));
  const env: NodeJS.ProcessEnv = { ...process.env };

  beforeAll(async () => {
    const made = makeContainer(dir, {
      program: 'incus',
      has: 'cat chmod git git-upload-pack head id mkdir python3 rm rsync uname'.split(' '),
      before: 'export MACHINE=web',
    });
    writeFileSync(join(made.root, 'where'), 'this is web\n');
    const account = `${username}:x:${uid}:${gid}::${machine.dir}:/bin/sh\n`;
    writeFileSync(join(made.root, 'etc/passwd'), account);
    await once(server.listen(join(dir, 'incus.sock')), 'listening');
    mkdirSync(join(dir, 'run'), { mode: 0o700 });
    const own = { HOME: dir, XDG_STATE_HOME: join(dir, 'state'), XDG_RUNTIME_DIR: join(dir, 'run') };
    Object.assign(env, made.env, own, { INCUS_SOCKET: join(dir, 'incus.sock') });
    const install = [...vmssh, 'config', 'install', '--no-fresh', '--bring-sshd'];
    expect(await run(install, { env })).toMatchObject({ code: 0 });
  });
  afterAll(() => void server.close());

  it.each(clients.filter((each) => each.callsSsh && !missing(each)))('$name logs in', async ({ byProxy }) => {
    const login = { dir: mkdtempSync(join(dir, 'l')), user: username, key: '', knownHosts: '', hostKey: '' };
    const host = { host: 'web', config: join(dir, '.ssh/config'), proxy: [] };
    const { words, env: more } = byProxy?.({ ...login, ...host, machine }) ?? { words: [] };
    const all = { ...env, ...more, HOME: dir, PATH: [more?.PATH, env.PATH].filter(Boolean).join(':') };
    const { stdout, stderr } = await run(words, { env: all, timeout: 60_000 });
    expect({ stdout, stderr }).toMatchObject({ stdout: expect.stringMatching(/this.is.web\b/) });
  });
});
