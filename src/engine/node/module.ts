import * as tty from './tty.js';

/** Gives what the program loads late on Node; here all is in the executable. */
export function createRequire(_from: string): (name: string) => typeof tty {
  return (name) => {
    if (name === 'node:tty') return tty;
    throw new Error(`Cannot find module '${name}'`);
  };
}
