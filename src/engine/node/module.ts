import * as tty from './tty.js';

/** Returns the modules that the program loads late on Node; here the executable contains all. */
export function createRequire(_from: string): (name: string) => typeof tty {
  return (name) => {
    if (name === 'node:tty') return tty;
    throw new Error(`Cannot find module '${name}'`);
  };
}
