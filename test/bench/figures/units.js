/** The socket's name in the folder that a figure is measured in. */
export const socketName = 's';

/** @param {number} ns */
export function milliseconds(ns) {
  return ns / 1e6;
}
