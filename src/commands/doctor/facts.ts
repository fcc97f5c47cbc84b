import { randomBytes } from 'node:crypto';
import { constants, existsSync } from 'node:fs';
import { access, open, rm, stat } from 'node:fs/promises';
import { arch, version as osVersion, release } from 'node:os';
import { dirname, join } from 'node:path';
import { loadAddon } from '../../base/native.js';
import { type Here, isCompiled } from '../../base/runtime.js';
import { version } from '../../base/version.js';
import { askAgent } from '../../checks/agent.js';
import { about } from '../../cli/about.js';
import { isRoot, placeOf } from '../../files/place.js';
import { readText } from '../../files/read-file.js';
import { reasonOf } from '../../files/read-sync.js';
import { type NotInEffect, otherFile } from '../../hosts/in-effect.js';
import { type ConfigFiles, configFiles } from '../../hosts/places.js';
import type { Io } from '../../process/io.js';
import { isAbsoluteFolder } from '../../process/program-in-path.js';
import { otherGroup } from '../../process/refusal-fix.js';
import { runProgram } from '../../process/run-program.js';
import { readSsh } from '../../process/ssh-log.js';
import {
  awaitedCommand,
  everySsh,
  firstMessage,
  settingIn,
  sshVersion,
  whyNotStarted,
} from '../../process/ssh-program.js';
import { shellTrouble } from '../../process/start-files.js';
import { outsideLines } from '../../sources/outside/file.js';
import { ownEnv } from '../../sources/trusted-env.js';
import { openFolder } from '../../sources/trusted-path.js';
import { ownerOf } from '../../ssh/config/file.js';
import { expandedPath } from '../../ssh/config/settings.js';
import { whereSet } from '../../ssh/config/users-files.js';
import { brokenControlPath } from '../../ssh/control-path.js';
import { goneFolder, ownAccount, sshFolder } from '../../ssh/folder.js';
import { shellOf, shellQuoted } from '../../typed/shell.js';
import { firstPatterns, gatherConfig, type SshFacts } from './config.js';
import { exposedMachines } from './exposed.js';
import { allowed, finding, type HostCheck, said } from './finding.js';
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
  const group = otherGroup(ownAccount()?.gid);
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
    home: [...(await homeChecks(io)), ...(group ? [finding('group', 'bad', group.problem, group.fix)] : [])],
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
    saidBy(['ssh', '-V'], io).catch((error: NodeJS.ErrnoException) => error),
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
    refusal: /^hostname /m.test(settings) ? undefined : (awaitedCommand(settings) ?? firstMessage(settings)),
    controlPath: brokenControlPath(settings, 'vsock/3'),
    proxyCommand: settingIn(settings, 'proxycommand'),
    proxyCommands: commands,
    keyCommand: settingIn(settings, 'knownhostscommand'),
    login: await loginIn(settings),
    agent: await askAgent(settingIn(settings, 'identityagent'), io.env),
  };
}

/** An ssh of PATH or of the system's folders that is new enough. */
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

async function saidBy(command: readonly string[], { env }: Io): Promise<string> {
  const { stdout, stderr } = await runProgram(command, { env, timeoutMs: 20_000 });
  return stdout + stderr;
}

function output(command: readonly string[], io: Io): Promise<string | undefined> {
  return saidBy(command, io).catch(() => undefined);
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

/** Why neither ssh nor vmssh can keep anything in this user's home; nothing if they can. */
export async function homeChecks(io: Here): Promise<readonly HostCheck[]> {
  const folder = sshFolder(io.env, io.platform);
  const home = dirname(folder);
  const quoted = (path: string) => shellQuoted(path, shellOf(io));
  const bad = (what: ReturnType<typeof said>, fix: string) => [finding('home', 'bad', what, fix)];
  const { HOME } = io.env;
  const isOthers = HOME && !ownEnv(io.env).HOME;
  const opened = isOthers && openFolder(HOME);
  if (opened)
    return bad(
      said`HOME is ${HOME}, and any user may change what is there: vmssh takes no settings from it`,
      `chmod o-w ${quoted(opened)}`,
    );
  // After sudo -E, or su; or it is /tmp.
  if (isOthers && isRoot())
    return bad(
      said`HOME is ${HOME}, and others than root may change what is there: as root, vmssh and ssh use ${home}`,
      "leave sudo out; or for root's own: sudo -H",
    );
  if (isOthers)
    return bad(
      said`HOME is ${HOME}, and others than you may change what is there: vmssh takes no settings from it`,
      'set HOME to a folder of your own',
    );
  if (!(await isThere(home)))
    return bad(
      said`${home} is not there: no key and no Host can be kept`,
      `make it, or set HOME to your home`,
    );
  const own = await stat(folder).catch(() => undefined);
  if (own && !own.isDirectory()) {
    const aside = `mv -i ${quoted(folder)} ${quoted(`${folder}.file`)}`;
    return bad(said`${folder} is a file, where a folder has to be`, aside);
  }
  const [problem, fix = ''] = goneFolder(folder)?.split(': ') ?? [];
  if (problem) return bad(said`${problem}`, fix);
  const path = own ? folder : home;
  const error = await tryToWrite(path);
  const look = error && looks[error.code ?? ''];
  return look
    ? bad(said`nothing can be written to ${path}: ${reasonOf(error)}`, `${look} ${quoted(path)}`)
    : [];
}

/** What shows the cause, by the error's code. Others, such as a limit of open files, are not the home's. */
const looks: Readonly<Record<string, string>> = {
  ...{ EACCES: 'ls -ld', EPERM: 'ls -ld', EROFS: 'findmnt -T' },
  ...{ ENOSPC: 'df -h', EDQUOT: 'quota; du -sh' },
};

function isThere(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    ({ code }: NodeJS.ErrnoException) => code !== 'ENOENT',
  );
}

/** A quota and a full disk show only so. */
async function tryToWrite(folder: string): Promise<NodeJS.ErrnoException | undefined> {
  const place = await placeOf(join(folder, `.vmssh.conf.${randomBytes(6).toString('hex')}`)).catch(
    () => undefined,
  );
  if (place === undefined) return undefined;
  const path = place.folder.at(place.name);
  try {
    const file = await open(path, 'wx', 0o600);
    await file.writeFile('\n'.repeat(4096)).finally(() => file.close());
    return undefined;
  } catch (error) {
    return error as NodeJS.ErrnoException;
  } finally {
    await rm(path, { force: true }).catch(() => {});
    await place.folder.close();
  }
}

/** Of the programs that read ssh's configuration themselves those that this user has: what they do not read of it. */
export async function clientChecks(
  io: Io,
  files: ConfigFiles = configFiles({ system: false }, io),
): Promise<readonly HostCheck[]> {
  const home = dirname(sshFolder(io.env, io.platform));
  const used = clients.filter(({ traces }) => traces.some((path) => existsSync(join(home, path))));
  const rows = used.map(({ name, reads }) => finding(name, 'none', reads));
  const own = ownerOf(await textOf(files.own)) === 'ours' ? await ownFiles(home, files, io) : [];
  return [
    ...rows,
    ...own.map(({ problem, about, fix }) =>
      finding('VS Code', 'bad', { found: problem, report: about }, fix),
    ),
  ];
}

/** Programs that read ssh's configuration themselves, their traces in the home, and what they do not read of it (docs/clients.md has the sources). */
const clients = [
  {
    name: 'VS Code',
    traces: ['.vscode', '.vscode-server', '.cursor'],
    reads:
      'it lists Hosts of a file that is included above the first Host; targets such as vsock/3 are typed',
  },
  {
    name: 'VSCodium',
    traces: ['.vscode-oss', '.vscodium-server'],
    reads: 'Open Remote - SSH lists Hosts of a file that is included, and the proxy relays for it',
  },
  {
    name: 'JetBrains',
    traces: ['.config/JetBrains', '.cache/JetBrains', 'AppData/Roaming/JetBrains'],
    reads: 'up to 2022.1 its own parser reads no Include; later versions ask ssh -G',
  },
] as const;

/** The files that VS Code and its kin read in place of ~/.ssh/config, by a setting of theirs, and that lack our lines. */
async function ownFiles(home: string, files: ConfigFiles, io: Io): Promise<readonly NotInEffect[]> {
  const paths = settingsFolders.flatMap((folder) =>
    editors.map((name) => join(home, folder, name, 'User/settings.json')),
  );
  const lost = await Promise.all(
    paths.map(async (path) => {
      const [, set = ''] =
        /^\s*"remote\.SSH\.configFile"\s*:\s*"([^"]+)"/m.exec((await textOf(path)) ?? '') ?? [];
      const file = expandedPath(set.replaceAll('\\\\', '\\'), dirname(files.own), io.env);
      return isAbsoluteFolder(file, io.platform)
        ? otherFile(file, files, io, `remote.SSH.configFile in ${path}`)
        : undefined;
    }),
  );
  return lost.filter((each) => each !== undefined);
}

const settingsFolders = ['.config', 'AppData/Roaming', 'Library/Application Support'];
const editors = ['Code', 'Code - Insiders', 'VSCodium', 'Cursor', 'Windsurf'];

function textOf(path: string): Promise<string | undefined> {
  return readText(path).catch(() => undefined);
}
