import { spawn } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { delimiter, join } from 'node:path';
import { startMachined } from '../../helpers/machined.js';
import { findProgram } from '../../helpers/programs.js';
import { outcome, run, until, vmsshWords } from '../../helpers/run.js';
import { freePort } from '../../helpers/sockets/servers.js';
import { startSshd } from '../../helpers/sshd.js';
import { blocksOf } from '../../markdown.js';

const id = '0123456789abcdef0123456789abcd';

/**
 * A user with two machines of a stand-in for systemd-machined, "mint-t9" and "web-t9", a host that they are said to
 * reach, and the recipes of the cookbook with these names.
 */
export async function startKitchen(dir: string) {
  const home = join(dir, 'home');
  mkdirSync(join(home, '.ssh'), { recursive: true });
  const sshd = await startSshd(dir);
  const key = join(dir, 'id');
  const route = { class: 'vm', service: 'x', sshAddress: `unix${sshd.path}`, sshPrivateKeyPath: key };
  const machined = await startMachined([
    { name: 'mint-t9', id: `${id}01`, ...route },
    { name: 'web-t9', id: `${id}02`, ...route },
  ]);
  const host = await listen((socket) => socket.pipe(connect(sshd.path)).pipe(socket));
  const web = await listen((socket) => socket.end('from there'));
  const local = await freePort();
  const config = join(home, '.ssh/own');
  const bin = programs(dir, config);
  const env = { ...process.env, HOME: home, ...machined.env, PATH: `${bin}${delimiter}${process.env.PATH}` };

  const names: readonly (readonly [RegExp, string])[] = [
    [/\bssh tower vmssh nc mint\b/g, `ssh web-t9 ${join(bin, 'vmssh')} nc unix${sshd.path}`],
    [/\bmint\b/g, 'mint-t9'],
    [/\bmachine%web\b/g, 'machine%web-t9'],
    [/\bvsock\/3\b/g, 'machine/mint-t9'],
    [/^( *)HostName 192\.0\.2\.7$/gm, `$1HostName 127.0.0.1\n$1Port ${portOf(host)}`],
    [/\b192\.0\.2\.7\b/g, `ssh://127.0.0.1:${portOf(host)}`],
    [/\b8080:localhost:80\b/g, `${local}:127.0.0.1:${portOf(web)}`],
    [/\/run\/postgresql\/\.s\.PGSQL\.5432/g, sshd.path],
    [/~\/\.ssh\//g, `${home}/.ssh/`],
    [/(?<=:)\/(srv|var\/log)\//g, `${dir}/$1/`],
    [/(?<=:)src\//g, `${dir}/src/`],
    [/ +#.*/g, ''],
  ];

  function recipe(heading: string, language = 'sh'): readonly string[] {
    const blocks = blocksOf('reference/cookbook.md', heading, language);
    return blocks.map((block) => names.reduce((text, [from, to]) => text.replaceAll(from, to), block));
  }

  /** The user's own lines of ssh's configuration, with those of vmssh. */
  function configure(...settings: readonly string[]): void {
    const known = `Host *\n    UserKnownHostsFile ${dir}/known\n    StrictHostKeyChecking accept-new\n    BatchMode yes\n`;
    const own = `Host 127.0.0.1 db tower-mint-t9 machine%web-t9\n    IdentityFile ${key}\n`;
    const lines = `${known}Include ${home}/.ssh/vmssh.conf\n${own}${settings.join('')}`;
    writeFileSync(config, lines, { mode: 0o600 });
  }

  /** What a recipe prints. */
  async function shell(text: string): Promise<string> {
    const { code, stdout, stderr } = await run(['bash', '-euc', text], { env, cwd: home });
    if (code !== 0) throw new Error(`${text}: code ${code}: ${stderr}`);
    return stdout + stderr;
  }

  /** Does something while an `ssh -N …` runs. */
  async function whileRuns(line: string, action: () => Promise<void>): Promise<void> {
    const [, ...args] = line.split(' ');
    const child = spawn('ssh', ['-v', ...args], { env, cwd: home, stdio: ['ignore', 'ignore', 'pipe'] });
    const ended = outcome(child);
    await until(child.stderr, 'Entering interactive');
    await action();
    child.kill();
    await ended;
  }

  async function stop(): Promise<void> {
    for (const server of [host, web]) server.close();
    machined.stop();
    await sshd.close();
  }

  await shell('vmssh config install');
  configure();
  return { home, local, recipe, configure, shell, whileRuns, stop };
}

// ssh looks for its files in the home of the account, not in $HOME.
function programs(dir: string, config: string): string {
  const bin = join(dir, 'bin');
  mkdirSync(bin);
  const make = (name: string, line: string) => {
    writeFileSync(join(bin, name), `#!/bin/sh\nexec ${line} "$@"\n`, { mode: 0o755 });
  };
  make('ssh', `${findProgram('ssh')} -F ${config}`);
  make('vmssh', vmsshWords);
  return bin;
}

function portOf(server: Server): number {
  return (server.address() as AddressInfo).port;
}

function listen(serve: (socket: Socket) => void): Promise<Server> {
  const server = createServer(serve);
  return new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(server)));
}
