import { exports } from 'engine:addon';
import type { Addon } from 'node-hvsock-native';

let loaded: Addon | undefined;

export function load(): Addon {
  loaded ??= exports();
  return loaded;
}
