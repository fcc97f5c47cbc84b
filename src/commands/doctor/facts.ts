import { constants, existsSync } from 'node:fs';
import { access } from 'node:fs/promises';
import { arch, version as osVersion, release } from 'node:os';
import { about } from '../../about.js';
import { askAgent } from '../../checks/agent.js';
import { readText } from '../../files/read-file.js';
import { loadAddon } from '../../native.js';
import type { Io } from '../../process/io.js';
import { runProgram } from '../../process/run-program.js';
import { readSsh } from '../../process/ssh-log.js';
import { everySsh, firstMessage, settingIn, sshVersion, whyNotStarted } from '../../process/ssh-program.js';
import { shellTrouble } from '../../process/start-files.js';
import { isCompiled } from '../../runtime.js';
import { outsideLines } from '../../sources/outside/file.js';
import { whereSet } from '../../ssh/config/users-files.js';
import { brokenControlPath } from '../../ssh/control-path.js';
import { shellOf } from '../../typed/shell.js';
import { version } from '../../version.js';
import { clientChecks } from './clients.js';
import { firstPatterns, gatherConfig, type SshFacts } from './config.js';
import { exposedMachines } from './exposed.js';
import { allowed } from './finding.js';
import { homeChecks } from './home.js';
import { gatherWindows } from './windows.js';

export type Facts = Awaited<ReturnType<typeof gatherFacts>>;

const devicePaths = ['/dev/vsock', '/dev/vhost-vsock', '/dev/kvm'] as const;

/** Collects the facts. Of a machine it only tries whether its vsock port 22 is open, if this kernel gives it a vsock. */
export async function gatherFacts(io: Io) {
  const [{ listAll }, { containerAround, loadHere, sourcesOn }, { sources }] = await Promise.all([
    import('../../sources/list-all.js'),
    import('../../sources/here.js'),
    import('../../sources/sources.js'),
  ]);
  const here = await loadHere(io);
  const [ssh, config, osRelease, windows, machines, devices, trouble] = await Promise.all([
    gatherSsh(io),
    gatherConfig(io),
    readText('/etc/os-release').catch(() => ''),
    io.platform === 'win32' ? gatherWindows(loadAddon(), { env: io.env }) : undefined,
    listAll({ env: io.env }, here, 3000),
    gatherDevices(),
    shellTrouble(io),
  ]);
  const canExpose = devices['/dev/vhost-vsock'] !== 'absent';
  const exposed = canExpose ? await exposedMachines(machines.machines, io.interrupted()) : [];
  return {
    platform: io.platform,
    /** Into which fixes are pasted. */
    shell: shellOf(io),
    build: buildLines(io.platform === 'win32' ? osVersion() : osRelease, release()),
    addon: loadAddon(),
    ssh,
    config,
    shellTrouble: trouble,
    devices,
    /** What shows that this is a container, whose kernel has more than is seen here. */
    container: containerAround(io.env),
    modules: ['vsock', 'vhost_vsock', 'vsock_loopback'].filter((name) => existsSync(`/sys/module/${name}`)),
    windows,
    machines,
    exposed,
    /** The names of the sources that vmssh has itself. */
    sources: sourcesOn(io.platform, [], sources).map(({ name }) => name),
    outside: outsideLines(io.env),
    toAdd: (await import('../../sources/outside/shipped.js')).sourcesToAdd(io),
    home: await homeChecks(io),
    clients: await clientChecks(io),
  };
}

/** `os`: the version of Windows; elsewhere os-release(5). */
export function buildLines(os: string, kernel: string): readonly string[] {
  const { commit, engine, features } = about();
  const runtime = isCompiled ? 'its own executable' : `Node ${process.version}`;
  return [
    `vmssh ${version} on ${runtime}, ${allowed.os(os)}, ${allowed.kernel(kernel)}, ${arch()}`,
    `commit ${commit ?? 'unknown'}, ${engine.name} ${engine.version}; ${features.join(', ')}`,
  ];
}

async function gatherSsh(io: Io): Promise<SshFacts> {
  const [first, settings = '', commands] = await Promise.all([
    said(['ssh', '-V'], io).catch((error: NodeJS.ErrnoException) => error),
    output(['ssh', '-vG', 'vsock/3'], io),
    proxyCommands(io),
  ]);
  // A program around it may say something before.
  const version =
    first instanceof Error ? undefined : (/^OpenSSH.*/m.exec(first)?.[0] ?? firstMessage(first) ?? '');
  const isClosed = first instanceof Error && first.code !== 'ENOENT';
  return {
    version,
    closed: isClosed ? whyNotStarted('ssh', first, io) : undefined,
    better: isOld(version) ? await newerSsh(io) : undefined,
    refusal: /^hostname /m.test(settings) ? undefined : firstMessage(settings),
    controlPath: brokenControlPath(settings, 'vsock/3'),
    proxyCommand: settingIn(settings, 'proxycommand'),
    proxyCommands: commands,
    keyCommand: settingIn(settings, 'knownhostscommand'),
    login: await loginIn(settings),
    agent: await askAgent(settingIn(settings, 'identityagent'), io.env),
  };
}

/** Of PATH and the system's folders. */
async function newerSsh(io: Io): Promise<string | undefined> {
  for (const [path = ''] of everySsh(io)) if (!isOld(await output([path, '-V'], io))) return path;
  return undefined;
}

/** accept-new came with 7.6 (https://www.openssh.com/txt/release-7.6). */
export function isOld(version = ''): boolean {
  return (sshVersion(version) ?? 0) < 706;
}

async function loginIn(settings: string): Promise<SshFacts['login']> {
  const user = settingIn(settings, 'user');
  return user === undefined ? undefined : { user, where: await whereSet('user', readSsh(settings)) };
}

async function proxyCommands(io: Io): Promise<SshFacts['proxyCommands']> {
  const asked = firstPatterns().map(async (pattern) => {
    const settings = await output(['ssh', '-G', pattern.replace('*', '3')], io);
    return [pattern, settingIn(settings ?? '', 'proxycommand')] as const;
  });
  return Object.fromEntries(await Promise.all(asked));
}

async function said(command: readonly string[], { env }: Io): Promise<string> {
  const { stdout, stderr } = await runProgram(command, { env, timeoutMs: 20_000 });
  return stdout + stderr;
}

function output(command: readonly string[], io: Io): Promise<string | undefined> {
  return said(command, io).catch(() => undefined);
}

async function gatherDevices() {
  const states = devicePaths.map(async (path) => {
    const isOpen = access(path, constants.R_OK | constants.W_OK)
      .then(() => 'ok')
      .catch(() => 'closed');
    return [path, existsSync(path) ? await isOpen : 'absent'] as const;
  });
  const all = Object.fromEntries(await Promise.all(states));
  return all as Readonly<Record<(typeof devicePaths)[number], 'ok' | 'closed' | 'absent'>>;
}
