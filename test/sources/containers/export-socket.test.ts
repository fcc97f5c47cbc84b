import { chownSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { exportSocket } from '../../../src/sources/containers/list-containers.js';
import { missingRoot, otherUser } from '../../helpers/other-user.js';
import { listening } from '../../helpers/sockets/servers.js';
import { useTempDir } from '../../helpers/temp-dir.js';

const dir = useTempDir();
const deps = { env: process.env };

const folder = (name: string) => {
  mkdirSync(join(dir, name));
  return join(dir, name);
};
const listen = (path: string) => listening(createServer(), path);

describe('the socket in the folder that a container has for its host', () => {
  it('is found', async () => {
    const source = folder('own');
    await listen(`${source}/ssh`);
    expect(await exportSocket(source, deps)).toBe(`${source}/ssh`);
  });

  it('is none: no folder, no file, another file', async () => {
    const source = folder('empty');
    expect(await exportSocket(join(dir, 'absent'), deps)).toBeUndefined();
    expect(await exportSocket(source, deps)).toBeUndefined();
    writeFileSync(`${source}/ssh`, '');
    expect(await exportSocket(source, deps)).toBeUndefined();
  });

  it('is not followed as a link', async () => {
    const source = folder('linked');
    await listen(join(dir, 'other.sock'));
    symlinkSync(join(dir, 'other.sock'), `${source}/ssh`);
    await expect(exportSocket(source, deps)).rejects.toMatchObject({
      code: 'LINK',
      message: `${source}/ssh is a symbolic link, which the container made: not followed`,
    });
  });

  const missing = missingRoot("another user's folder for sockets");
  it.skipIf(missing)(`is not used in another person's folder ${missing ?? ''}`, async () => {
    const source = folder('theirs');
    await listen(`${source}/ssh`);
    chownSync(source, otherUser.uid ?? 0, 0);
    await expect(exportSocket(source, deps)).rejects.toMatchObject({
      code: 'FOREIGN',
      message: `${source} belongs to user ${otherUser.uid}, who could answer in its place`,
    });
    chownSync(source, 0, 0);
    chownSync(`${source}/ssh`, otherUser.uid ?? 0, 0);
    await expect(exportSocket(source, deps)).rejects.toMatchObject({ code: 'FOREIGN' });
    // A user of the container's own, whom nobody else can be.
    chownSync(`${source}/ssh`, 1_879_048_192, 0);
    expect(await exportSocket(source, deps)).toBe(`${source}/ssh`);
    rmSync(source, { recursive: true });
  });
});
