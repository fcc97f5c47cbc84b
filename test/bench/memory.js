import { readdirSync, readFileSync } from 'node:fs';

/**
 * The proportional set size of processes and all their descendants, in MB.
 * @param {readonly number[]} pids
 */
export function proportionalSize(pids) {
  return withDescendants(pids).reduce((sum, pid) => sum + sizeOf(pid), 0) / 1e6;
}

/** @param {number} pid */
function sizeOf(pid) {
  const text = readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8');
  return Number(/^Pss:\s+(\d+) kB$/m.exec(text)?.[1]) * 1024;
}

/** @param {readonly number[]} pids */
function withDescendants(pids) {
  const parents = new Map(processes());
  const found = new Set(pids);
  for (let before = 0; before !== found.size; ) {
    before = found.size;
    for (const [pid, parent] of parents) if (found.has(parent)) found.add(pid);
  }
  return [...found];
}

/** @returns {[pid: number, parent: number][]} */
function processes() {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      try {
        const stat = readFileSync(`/proc/${name}/stat`, 'utf8');
        return [[Number(name), Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1])]];
      } catch {
        return []; // it ended meanwhile
      }
    });
}
