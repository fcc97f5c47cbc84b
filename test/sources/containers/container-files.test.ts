import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, readFileSync, renameSync, symlinkSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { managerKeys } from '../../../src/keys/manager-keys.js';
import { firstFile } from '../../../src/sources/containers/container-files.js';
import type { ReachedMachine } from '../../../src/sources/source.js';
import { fingerprintOf } from '../../../src/ssh/known-hosts.js';
import { useTempDir, writeTree } from '../../helpers/temp-dir.js';
import { madeKey } from '../../keys/made-keys.js';
import { useJsonServices } from '../managers/json-services.js';

const dir = useTempDir();
const serve = useJsonServices(dir);
const id = '5531b822dd6044829313b6dc0e0c3bb2c9c20cc2ccb2d75c23887e09afdbe97c';
const [ed25519, rsa] = [madeKey('ed25519'), madeKey('rsa')];
const shown = fingerprintOf(Buffer.from(ed25519.key.split(' ')[1] ?? '', 'base64'));
const own = process.getuid?.();
/** A uid that has no Podman of its own at /run. */
const notRoot = own === 0 ? 1000 : own;

writeTree(dir, {
  'files/ed25519.pub': ed25519.text,
  'files/rsa.pub': rsa.text,
  'files/folder/rsa.pub': rsa.text,
  'files/long.pub': rsa.text.repeat(200),
});
symlinkSync('rsa.pub', join(dir, 'files/link.pub'));
execFileSync('mkfifo', [join(dir, 'files/fifo.pub')]);
/** What the real tar makes of a file. */
const archive = (name: string, ...options: readonly string[]) =>
  execFileSync('tar', ['-C', join(dir, 'files'), '-cf', '-', ...options, name]);
const text = (name: string) => archive(name).toString('latin1');

const at = (type: string) => encodeURIComponent(`/etc/ssh/ssh_host_${type}_key.pub`);
const ofDocker = (type: string) => `/containers/${id}/archive?path=${at(type)}`;
const ofPodman = (type: string) => `/v4.0.0/libpod/containers/${id}/archive?path=${at(type)}`;
const record = (provider: string, more: Partial<ReachedMachine> = {}): ReachedMachine => ({
  ...{ provider, name: 'web', target: `${provider}/web`, containerId: id },
  ...more,
});

let made = 0;
/** The folders of the sockets of a system and of a user, each new. */
function folders() {
  const [run, user] = [`run${made}`, `user${made++}`];
  mkdirSync(join(dir, run, 'podman'), { recursive: true });
  mkdirSync(join(dir, user, 'podman'), { recursive: true });
  const bin = `bin${made}`;
  const env = { HOME: dir, XDG_RUNTIME_DIR: join(dir, user), PATH: `${dir}/${bin}:${process.env.PATH}` };
  const deps = { env, runDir: join(dir, run), platform: 'linux', timeoutMs: 20_000 } as const;
  return { run, user, bin, deps };
}

/** New folders with a daemon of Docker that gives these files, and a container that it has listed. */
async function withDocker(answers: Readonly<Record<string, string | undefined>>) {
  const all = folders();
  const containerUrl = `unix://${await serve(`${all.run}/docker.sock`, answers)}`;
  return { ...all, containerUrl, web: record('docker', { containerUrl }) };
}

describe('the keys of a container of Docker', () => {
  it("are copied by its daemon, each file by one request; a missing one isn't a failure", async () => {
    const files = { [ofDocker('ed25519')]: text('ed25519.pub'), [ofDocker('rsa')]: text('rsa.pub') };
    const { web, deps } = await withDocker(files);
    expect(await managerKeys(web, deps)).toEqual([ed25519.key, rsa.key]);
  });

  it('are those of the daemon that has it', async () => {
    const { web, user, deps } = await withDocker({ [ofDocker('rsa')]: text('rsa.pub') });
    const socket = await serve(`${user}/docker.sock`, { [ofDocker('ed25519')]: text('ed25519.pub') });
    const url = `unix://${socket}`;
    expect(await managerKeys(record('docker', { containerUrl: url }), deps)).toEqual([ed25519.key]);
    expect(await managerKeys(web, deps)).toEqual([rsa.key]);
  });

  it('are not asked for at a socket that is none of Docker', async () => {
    const { run, deps } = folders();
    const socket = await serve(`${run}/other.sock`, { [ofDocker('rsa')]: text('rsa.pub') });
    const other = record('docker', { containerUrl: `unix://${socket}` });
    expect(await managerKeys(other, deps)).toBeUndefined();
  });

  it('are not asked for at a socket of the environment that another user can replace', async () => {
    const { run, deps } = folders();
    mkdirSync(join(dir, run, 'open'));
    chmodSync(join(dir, run, 'open'), 0o777);
    const socket = await serve(`${run}/open/docker.sock`, { [ofDocker('rsa')]: text('rsa.pub') });
    const env = { ...deps.env, DOCKER_HOST: `unix://${socket}` };
    const web = record('docker', { containerUrl: env.DOCKER_HOST });
    expect(await managerKeys(web, { ...deps, env })).toBeUndefined();
    chmodSync(join(dir, run, 'open'), 0o755);
    expect(await managerKeys(web, { ...deps, env: { ...env } })).toEqual([rsa.key]);
  });

  it.each([
    ['a link', text('link.pub')],
    ['a FIFO', text('fifo.pub')],
    ['a folder', text('folder')],
    ['cut short', text('rsa.pub').slice(0, 700)],
    ['no archive', rsa.text],
    ['nothing', ''],
    ['longer than all may be', text('long.pub')],
  ])('do not include what comes as %s', async (_, answer) => {
    const files = { [ofDocker('rsa')]: answer, [ofDocker('ed25519')]: text('ed25519.pub') };
    const { web, deps } = await withDocker(files);
    expect(await managerKeys(web, deps)).toEqual([ed25519.key]);
  });

  it('are none if it does not answer', async () => {
    const { web, deps } = await withDocker({ [ofDocker('ed25519')]: undefined });
    expect(await managerKeys(web, { ...deps, timeoutMs: 300 })).toBeUndefined();
  });

  it('are copied up to the one that is shown: a daemon may take long for each', async () => {
    const answers = { [ofDocker('ed25519')]: text('ed25519.pub'), [ofDocker('rsa')]: undefined };
    const { web, deps } = await withDocker(answers);
    expect(await managerKeys(web, { ...deps, timeoutMs: 5000 }, shown)).toEqual([ed25519.key]);
  });

  it.each(['web', '', '../..', id.slice(0, 12), id.toUpperCase(), `${id}/x`, `x/${id}`])(
    'are not asked for by %j, which is no whole id',
    async (containerId) => {
      const answer = text('rsa.pub');
      const asTyped = `/containers/${containerId}/archive?path=${at('rsa')}`;
      const { web, deps } = await withDocker({ [asTyped]: answer, [ofDocker('rsa')]: answer });
      expect(await managerKeys({ ...web, containerId }, deps)).toBeUndefined();
    },
  );

  // The copy of a sandbox of gVisor has what is in its image, and nothing that it has written.
  it.each(['/keys/host', '/etc/ssh/ssh_host_ed25519_key'])(
    'are where its sshd has them, which an exec as its root asks and reads: %s',
    async (path) => {
      const log = join(dir, `exec${made}`);
      const { web, bin, containerUrl, deps } = await withDocker({ [ofDocker('rsa')]: text('rsa.pub') });
      const says = `*/sh) echo 'hostkey ${path}';; */find) echo '${ed25519.key}';;`;
      writeTree(dir, { [`${bin}/docker`]: `#!/bin/sh\necho "$*" >>'${log}'\ncase $7 in ${says} esac\n` });
      expect(await managerKeys(web, deps, shown)).toEqual([ed25519.key, rsa.key]);
      const exec = `--host=${containerUrl} exec --interactive --user=0 -- ${id}`;
      const find = `/usr/bin/find ${path}.pub -maxdepth 0 -type f -exec grep -h AAAA {} +`;
      // The first asks the sshd that runs there, by a script.
      const said = readFileSync(log, 'utf8');
      expect(said.startsWith(`${exec} /bin/sh -c `)).toBe(true);
      expect(said.endsWith(`\n${exec} ${find}\n`)).toBe(true);
    },
  );

  it('are copied from where its sshd has them, if its image has no find', async () => {
    const own = `/containers/${id}/archive?path=${encodeURIComponent('/keys/host.pub')}`;
    const { web, bin, deps } = await withDocker({ [own]: text('rsa.pub') });
    const says = "*/sh) echo 'hostkey /keys/host';; *) exit 127;;";
    writeTree(dir, { [`${bin}/docker`]: `#!/bin/sh\ncase $7 in ${says} esac\n` });
    expect(await managerKeys(web, deps, shown)).toEqual([rsa.key]);
  });
});

describe('the keys of a container of Podman', () => {
  const ask = (deps: Parameters<typeof managerKeys>[1], more?: Partial<ReachedMachine>) =>
    managerKeys(record('podman', more), deps, undefined, notRoot);
  const podman = (log: string) =>
    `#!/bin/sh\necho "$*" >>'${log}'\n[ "$1 $2" = "--syslog=false cp" ] || exit 125\ncase $4 in
      *:/etc/ssh/ssh_host_rsa_key.pub) exec tar -C '${dir}/files' -cf - rsa.pub;;
      *:/etc/ssh/ssh_host_ecdsa_key.pub) exec tar -C '${dir}/files' -cf - link.pub;;
    esac\necho "Error: could not be found in container: no such file or directory" >&2; exit 125\n`;

  it("are copied by the user's own service", async () => {
    const { user, deps } = folders();
    const socket = await serve(`${user}/podman/podman.sock`, { [ofPodman('ed25519')]: text('ed25519.pub') });
    for (const containerUrl of [undefined, `unix://${socket}`])
      expect(await ask(deps, { containerUrl })).toEqual([ed25519.key]);
  });

  it('are copied by `podman cp`, if the user has no service', async () => {
    const { bin, deps } = folders();
    const log = join(dir, 'cp');
    writeTree(dir, { [`${bin}/podman`]: podman(log) });
    expect(await ask(deps)).toEqual([rsa.key]);
    const types = ['ecdsa', 'ed25519', 'mldsa44_ed25519', 'rsa'];
    expect(readFileSync(log, 'utf8').trimEnd().split('\n').toSorted()).toEqual(
      types.map((type) => `--syslog=false cp -- ${id}:/etc/ssh/ssh_host_${type}_key.pub -`),
    );
  });

  it("are copied by `podman cp`, if the user's service has ended and left its socket", async () => {
    const { user, bin, deps } = folders();
    const socket = join(dir, user, 'podman/podman.sock');
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(`${socket}.tmp`, resolve));
    // The server removes the name it knows.
    renameSync(`${socket}.tmp`, socket);
    await new Promise((resolve) => server.close(resolve));
    writeTree(dir, { [`${bin}/podman`]: podman(join(dir, 'left')) });
    expect(await ask(deps)).toEqual([rsa.key]);
  });

  it("are not copied by the user's podman if root's has it", async () => {
    const { run, bin, deps } = folders();
    const log = join(dir, 'none');
    writeTree(dir, { [`${bin}/podman`]: podman(log) });
    const containerUrl = `unix://${join(dir, run)}/podman/podman.sock`;
    expect(await ask(deps, { containerUrl })).toBeUndefined();
    expect(() => readFileSync(log)).not.toThrow(/cp/);
  });
});

describe('an archive', () => {
  it.each(['--format=ustar', '--format=pax', '--format=gnu', '--format=v7'])('of %s is read', (format) =>
    expect(firstFile(archive('rsa.pub', format))?.toString()).toBe(rsa.text),
  );

  it('may have attributes before the file', () => {
    const long = `${'x'.repeat(180)}.pub`;
    writeTree(dir, { [`files/${long}`]: ed25519.text });
    for (const format of ['--format=pax', '--format=gnu'])
      expect(firstFile(archive(long, format))?.toString()).toBe(ed25519.text);
  });

  it('is read at each length without an error', () => {
    const whole = archive('rsa.pub');
    const ends = [...whole.keys()].filter((end) => firstFile(whole.subarray(0, end)) !== undefined);
    expect(ends[0]).toBe(512 + rsa.text.length);
  });

  it('has no file that is longer than it is, or has no length', () => {
    const whole = archive('rsa.pub');
    for (const size of ['77777777777\0', '-0000000001\0', '\0\0\0\0\0\0\0\0\0\0\0\0', 'xxxxxxxxxxx\0']) {
      const wrong = Buffer.from(whole);
      wrong.write(size, 124, 'latin1');
      expect(firstFile(wrong)).toBeUndefined();
    }
  });

  it('of attributes only ends', () => {
    const attributes = Buffer.alloc(512 * 4);
    for (const size of ['00000000000\0', '-0000001000\0']) {
      for (const at of [0, 512, 1024, 1536]) {
        attributes.write(size, at + 124, 'latin1');
        attributes.write('x', at + 156);
      }
      expect(firstFile(attributes)).toBeUndefined();
    }
  });
});
