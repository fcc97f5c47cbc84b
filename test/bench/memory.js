import { readdirSync, readFileSync } from 'node:fs';

/**
 * The proportional set size of processes and all their descendants, in MB, once it did not change by this share for 2.5 seconds:
 * a runtime still frees what it used for starting, and a relay that lasts replaces its process after 1.5 s. Other processes of
 * the same runtime change it too, whenever they start or end.
 * @param {readonly number[]} pids
 * @param {number} share
 */
export async function settledSize(pids, share) {
  let size = proportionalSize(pids);
  for (let tries = 0, unchanged = 0; unchanged < 10; tries++) {
    if (tries === 100) throw new Error(`the memory of ${pids.join(', ')} does not settle: ${size} MB`);
    await new Promise((resolve) => setTimeout(resolve, 250));
    const now = proportionalSize(pids);
    unchanged = Math.abs(now - size) <= size * share ? unchanged + 1 : 0;
    size = now;
  }
  return size;
}

/** @param {readonly number[]} pids */
function proportionalSize(pids) {
  return withDescendants(pids).reduce((sum, pid) => sum + sizeOf(pid), 0) / 1e6;
}

/**
 * NaN for the moment in which a process is being replaced by another program, and has no memory.
 * @param {number} pid
 */
function sizeOf(pid) {
  try {
    const text = readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8');
    return Number(/^Pss:\s+(\d+) kB$/m.exec(text)?.[1]) * 1024;
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code === 'ESRCH') return Number.NaN;
    throw error;
  }
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
