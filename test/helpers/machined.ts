import { join } from 'node:path';
import type { JsonObject } from '../../src/sources/tools/json.js';
import { listing, PeerFolder, recorded } from '../sources/machined/varlink-peer.js';

/** A stand-in for the user's systemd-machined: it knows `machines` as they are at each question. */
export interface Machined {
  /** What a program finds it by. */
  readonly env: { readonly XDG_RUNTIME_DIR: string };
  /** From now on it gives no answer, as one that is stopped (SIGSTOP), or gives them again. */
  silence(isSilent: boolean): void;
  stop(): void;
}

/** What a program finds one in this folder by. */
export const machinedIn = (folder: PeerFolder) => ({ XDG_RUNTIME_DIR: join(folder.path, 'user') });

export async function startMachined(
  machines: readonly JsonObject[],
  folder: PeerFolder = new PeerFolder(),
): Promise<Machined> {
  let isSilent = false;
  await folder.listen('user/systemd/machine/io.systemd.Machine', ({ parameters }, peer) => {
    if (isSilent) return;
    const { name } = parameters as JsonObject;
    const some = name === undefined ? machines : machines.filter((each) => each.name === name);
    peer.write(some.length === 0 ? recorded('systemd257-no-such-machine') : listing([...some]));
  });
  return {
    env: machinedIn(folder),
    silence(is) {
      isSilent = is;
    },
    stop: () => folder.stop(),
  };
}
