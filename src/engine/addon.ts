import { exports } from 'engine:addon';
import type { Addon } from 'node-hvsock-native';

let loaded: Addon | undefined;

/** What node-hvsock-native's `load` returns; here the addon is linked into the program. */
export function load(): Addon {
  loaded ??= exports();
  return loaded;
}
