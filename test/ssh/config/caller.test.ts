import { chmodSync, mkdirSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { version } from '../../../src/base/version.js';
import { callerForSsh } from '../../../src/ssh/config/caller.js';
import { useTempDir } from '../../helpers/temp-dir.js';

const env = { HOME: '/home/ann' };
const keysFile = '/home/ann/.ssh/vmssh_known_hosts';

describe('how ssh calls a vmssh that Node runs', () => {
  const dir = useTempDir();
  const node = '/usr/bin/node';
  let dist: string;
  let executable: string;
  let count = 0;
  beforeEach(() => {
    dist = join(realpathSync(dir), `${++count}`);
    mkdirSync(join(dist, 'linux-x64'), { recursive: true });
    writeFileSync(join(dist, 'vmssh.js'), '');
    executable = join(dist, 'linux-x64/vmssh');
  });
  const write = (text: string, mode = 0o755) => writeFileSync(executable, text, { mode });
  const saying = (text: string, code = 0) =>
    `#!/bin/sh\n[ "$*" = --version ] && echo '${text}'; exit ${code}\n`;
  const caller = (script = join(dist, 'vmssh.js'), platform: NodeJS.Platform = 'linux') =>
    callerForSsh({ self: [node, script], platform, env }, () => false);
  const byNode = () => ({
    program: [node, join(dist, 'vmssh.js')],
    fdpass: false,
    platform: 'linux',
    keysFile,
  });

  it('is the executable next to it, which can pass sockets', async () => {
    write(saying(version));
    expect(await caller()).toEqual({ program: [executable], fdpass: true, platform: 'linux', keysFile });
  });

  it('is the executable next to the file that a link leads to', async () => {
    write(saying(version));
    symlinkSync(join(dist, 'vmssh.js'), join(dist, 'linux-x64/link'));
    expect(await caller(join(dist, 'linux-x64/link'))).toMatchObject({ program: [executable] });
  });

  it.each([
    { how: 'npm install -g', at: 'vmssh/node_modules/vmssh-linux-x64' },
    { how: 'npm install', at: 'vmssh-linux-x64' },
  ])('is the one of the package that $how brings', async ({ at }) => {
    const modules = join(dist, 'node_modules');
    const script = join(modules, 'vmssh/dist/vmssh.js');
    executable = join(modules, at, 'vmssh');
    for (const path of [script, executable]) mkdirSync(dirname(path), { recursive: true });
    writeFileSync(script, '');
    write(saying('0.0.1'));
    expect(await caller(script)).toMatchObject({ program: [node, script] });
    write(saying(version));
    expect(await caller(script)).toMatchObject({ program: [executable], fdpass: true });
  });

  it('is not one beside a checkout, which may be in a folder of all users', async () => {
    const script = join(dist, 'checkout/dist/vmssh.js');
    executable = join(dist, 'vmssh-linux-x64/vmssh');
    for (const path of [script, executable]) mkdirSync(dirname(path), { recursive: true });
    writeFileSync(script, '');
    write(saying(version));
    expect(await caller(script)).toMatchObject({ program: [node, script] });
  });

  it('is the one for the processor that Node is for', async () => {
    for (const arch of ['x64', 'arm64']) {
      executable = join(dist, `linux-${arch}`, 'vmssh');
      mkdirSync(dirname(executable), { recursive: true });
      write(saying(version));
    }
    const self = [node, join(dist, 'vmssh.js')];
    const { program } = await callerForSsh({ self, platform: 'linux', env }, () => false, 'arm64');
    expect(program).toEqual([join(dist, 'linux-arm64/vmssh')]);
  });

  it('is Node if there is no executable', async () => {
    expect(await caller()).toEqual(byNode());
    expect(
      await callerForSsh({ self: [node, join(dist, 'vmssh.js')], platform: 'linux', env }, () => true),
    ).toEqual({ ...byNode(), fdpass: true });
  });

  it.each([
    { name: 'is another version', make: () => write(saying('0.0.1')) },
    { name: 'fails', make: () => write(saying(version, 1)) },
    { name: 'is for another system', make: () => write('\x7fELF for another') },
    { name: 'must not be run', make: () => write(saying(version), 0o644) },
    { name: 'is a folder', make: () => mkdirSync(executable) },
  ])('is Node if the executable $name', async ({ make }) => {
    make();
    expect(await caller()).toEqual(byNode());
  });

  it('is Node on Windows', async () => {
    write(saying(version));
    expect(await caller(join(dist, 'vmssh.js'), 'win32')).toEqual({ ...byNode(), platform: 'win32' });
  });
});

it('is the executable itself if that runs', async () => {
  expect(await callerForSsh({ self: ['/usr/bin/vmssh'], platform: 'linux', env }, () => true)).toEqual({
    program: ['/usr/bin/vmssh'],
    fdpass: true,
    platform: 'linux',
    keysFile,
  });
});

describe('its path in the lines', () => {
  const dir = useTempDir();
  const upgrade = (version: string) => {
    const cellar = join(realpathSync(dir), 'Cellar', version);
    mkdirSync(cellar, { recursive: true });
    writeFileSync(join(cellar, 'vmssh'), '#!/bin/sh\n', { mode: 0o755 });
    return join(cellar, 'vmssh');
  };
  const bin = () => join(realpathSync(dir), 'bin');
  const link = (to: string) => {
    mkdirSync(bin(), { recursive: true });
    rmSync(join(bin(), 'vmssh'), { force: true });
    symlinkSync(to, join(bin(), 'vmssh'));
  };
  const program = async (self: string) =>
    (await callerForSsh({ self: [self], platform: 'linux', env: { PATH: bin() } }, () => true)).program;

  it('is the one that PATH finds, which stays when a version goes', async () => {
    link(upgrade('1.0'));
    expect(await program(upgrade('1.0'))).toEqual([join(bin(), 'vmssh')]);
    const next = upgrade('1.1');
    expect(await program(next)).toEqual([next]);
    link(next);
    expect(await program(next)).toEqual([join(bin(), 'vmssh')]);
  });

  it('is its own where others could put another program there', async () => {
    const self = upgrade('1.0');
    link(self);
    chmodSync(bin(), 0o777);
    expect(await program(self)).toEqual([self]);
    chmodSync(bin(), 0o755);
  });
});
