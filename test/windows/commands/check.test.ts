import { randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { run } from '../../helpers/run.js';
import { describeWindows } from '../bed/describe.js';
import { programs, workFile } from '../bed/paths.js';
import { echoWithTail, startPeer } from '../bed/peer.js';
import { runOnWindows, withHvsock } from '../bed/run.js';
import { type SshdOnTcp, startTcpSshd } from '../bed/sshd.js';
import { workFolder } from '../bed/work-folder.js';

const openssh = 'C:\\windows\\system32\\OpenSSH';
const target = 'hvsock:86e0c1e9-782c-47e0-b7c2-99f8167f5178:vsock-22';

describeWindows.each(Object.entries(programs))('vmssh check by %s', (_name, program) => {
  let sshd: SshdOnTcp;
  const dir = () => join(workFolder(), 'check');
  beforeAll(async () => {
    mkdirSync(dir());
    sshd = await startTcpSshd(dir());
  });
  afterAll(async () => {
    await sshd.close();
    rmSync(dir(), { recursive: true, force: true });
  });

  it("gets as far as the machine's host key, with the user's own ssh", async () => {
    const hvsock = withHvsock({ PORT: String(sshd.port) });
    const none = ['-v', '-o', 'LogLevel=DEBUG1', '-o', 'PreferredAuthentications=none'];
    const [ssh = '', ...options] = sshd.ssh([...program, 'proxy', target, '22']);
    const real = await run([ssh, ...none, ...options, 'hv'], { env: hvsock });
    const args = join(dir(), 'ssh.args');
    rmSync(args, { force: true });
    const words = real.stderr.split('\n').filter((line) => /Server host key|can continue/.test(line));
    const fake = { FAKE_SSH_ERR: `${words.join('\n')}\n`, FAKE_SSH_CODE: '255', WINEPATH: openssh };
    const env = { ...hvsock, ...fake, FAKE_SSH_ARGS: workFile('check/ssh.args') };
    const { code, stdout } = await runOnWindows(
      [...program, 'check', '--until=authentication', '--json', '--user=root', target],
      { env },
    );
    const [{ ok, stages }] = (
      JSON.parse(stdout) as { results: [{ ok: boolean; stages: { stage: string; found: string }[] }] }
    ).results;
    expect({ code, ok }).toEqual({ code: 0, ok: true });
    expect(stages.map(({ stage }) => stage)).toEqual([
      ...['parsed', 'resolved', 'connected', 'banner', 'host key', 'authentication'],
    ]);
    expect(stages[4]?.found).toMatch(/^ssh-ed25519 SHA256:/);
    expect(stages[5]?.found).toMatch(/^publickey.* for root$/);
    expect(readFileSync(args, 'utf8')).toMatch(
      /^ProxyCommand="?[CZ]:\/.* proxy --timeout=\d+ "?hvsock:\S+ 22$/m,
    );
  });
});

describeWindows.each(Object.entries(programs))('what vmssh check finds, by %s', (_name, program) => {
  const call = (...args: readonly string[]) => {
    writeFileSync(join(workFolder(), 'machines.tsv'), '86E0C1E9-782C-47E0-B7C2-99F8167F5178\tMint\t2\n');
    const env = { ...withHvsock({ PORT: '1', CONNECT: '10061' }), FAKE_WMI: workFile('machines.tsv') };
    return runOnWindows([...program, ...args], { env });
  };

  it('12: names a port that Windows does not know, and its fix registers it', async () => {
    const before = await call('check', '--port', '2222', 'hyper-v/Mint');
    expect(before.code).toBe(1);
    expect(before.stdout).toMatch(/✗ service-guid +Windows has no service of port 2222/);
    const fix = /fix: in an elevated terminal: \S.*? (service register 2222)\r?$/m.exec(before.stdout)?.[1];
    expect(await call(...(fix ?? '').split(' '))).toMatchObject({ code: 0, stderr: '' });
    const after = await call('check', '--port', '2222', 'hyper-v/Mint');
    expect(after.stdout).toMatch(/^✗ hyper-v\/Mint: /);
    expect(after.stdout).not.toContain('service-guid');
    expect(await call('service', 'unregister', '2222')).toMatchObject({ code: 0 });
  });
});

const nodes = Object.entries(programs).filter(([name]) => name.includes('node.exe'));
describeWindows.each(nodes)('the library in %s', (_name, [node = '']) => {
  const script = `
import { randomBytes, createHash } from 'node:crypto';
import { connect } from 'file:///Z:/mnt/repo/dist/index.mjs';
const socket = await connect(process.argv[2]);
const sent = randomBytes(3_000_000);
const hash = createHash('sha256');
socket.on('data', (bytes) => hash.update(bytes));
socket.end(sent);
await new Promise((resolve) => socket.once('end', resolve));
const want = createHash('sha256').update(sent).update(process.argv[3]);
console.log(JSON.stringify({ received: hash.digest('hex'), want: want.digest('hex') }));
`;

  it('half-closes, and reads what follows', async () => {
    writeFileSync(join(workFolder(), 'library.mjs'), script);
    const tail = randomBytes(20).toString('hex');
    const env = withHvsock({ PORT: await startPeer(echoWithTail(Buffer.from(tail))), SHORT: '70001' });
    const command = [node, workFile('library.mjs'), 'hvsock:LOOPBACK:vsock-5000', tail];
    const { code, stdout, stderr } = await runOnWindows(command, { env });
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const { received, want } = JSON.parse(stdout);
    expect(received).toBe(want);
  });

  it('rejects with the code and the fix', async () => {
    const text = `import { connect } from 'file:///Z:/mnt/repo/dist/index.mjs';
await connect(process.argv[2]).catch(({ name, op, code, hint }) => console.log(JSON.stringify([name, op, code, hint])));`;
    writeFileSync(join(workFolder(), 'failing.mjs'), text);
    const env = withHvsock({ PORT: '1', CONNECT: '10061' });
    const { stdout } = await runOnWindows([node, workFile('failing.mjs'), target], { env });
    const hint = expect.stringContaining(`vmssh guest install --target ${target} USER`);
    expect(JSON.parse(stdout)).toEqual(['ConnectError', 'connect', 'WSAECONNREFUSED', hint]);
  });
});
