import { once } from 'node:events';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { afterAll, beforeAll } from 'vitest';
import type { JsonObject } from '../../../src/sources/tools/json.js';
import { PeerFolder } from '../../sources/machined/varlink-peer.js';
import { type Machined, machinedIn, startMachined } from '../machined.js';
import { type SshdOnSocket, sshdIn, startSshd } from '../sshd.js';

/** For this block of tests an sshd at `dir`/NAME. The folder has to be there when the first test begins. */
export function useSshd(dir: string, name?: string): Omit<SshdOnSocket, 'close'> {
  let sshd: SshdOnSocket | undefined;
  beforeAll(async () => {
    sshd = await startSshd(dir, name);
  });
  afterAll(() => sshd?.close());
  return sshdIn(dir, name);
}

/** For this block of tests an Incus that lists `instances` as they are at each question: where its socket is. */
export function useIncus(dir: string, instances: readonly object[]): string {
  const path = join(dir, 'incus.sock');
  const server = createServer((_, response) => response.end(JSON.stringify({ metadata: instances })));
  beforeAll(() => once(server.listen(path), 'listening'));
  afterAll(() => void server.close());
  return path;
}

/** For this block of tests a systemd-machined that knows `machines` as they are at each question. */
export function useMachined(machines: readonly JsonObject[]): Omit<Machined, 'stop'> {
  const folder = new PeerFolder();
  let machined: Machined | undefined;
  beforeAll(async () => {
    machined = await startMachined(machines, folder);
  });
  afterAll(() => folder.stop());
  return { env: machinedIn(folder), silence: (isSilent) => machined?.silence(isSilent) };
}
