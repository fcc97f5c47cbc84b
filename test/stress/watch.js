import { readdirSync, readFileSync } from 'node:fs';

/**
 * Samples the children of a process: their memory in MB, and by how much memory, descriptors and threads have grown
 * since each child settled.
 * @param {number} parent
 * @param {(title: string, age: number) => boolean} isSettled by its first argument and the milliseconds since that, its descriptors and threads changed
 */
export function watchChildren(parent, isSettled) {
  /** @type {Map<number, { kind: string, since: number, first?: ReturnType<typeof lookAt> }>} */
  const known = new Map();
  const seen = { samples: 0, most: 0, growth: 0, descriptors: 0, threads: 0 };
  /** @type {NodeJS.Timeout} */
  let timer;
  const look = () => {
    const begin = Date.now();
    for (const pid of childrenOf(parent)) {
      const found = lookAt(pid);
      if (!found) continue;
      const before = known.get(pid);
      // On a busy machine a runtime may take seconds until it has all that it needs.
      const kind = before?.first ? before.kind : `${found.title} ${found.descriptors} ${found.threads}`;
      const child = before?.kind === kind ? before : { kind, since: Date.now() };
      known.set(pid, child);
      if (!(child.first || isSettled(found.title, Date.now() - child.since))) continue;
      child.first ??= found;
      seen.samples++;
      seen.most = Math.max(seen.most, found.memory);
      seen.growth = Math.max(seen.growth, found.memory - child.first.memory);
      seen.descriptors = Math.max(seen.descriptors, found.descriptors - child.first.descriptors);
      seen.threads = Math.max(seen.threads, found.threads - child.first.threads);
    }
    // With a thousand children, one look takes long itself.
    timer = setTimeout(look, 200 + 10 * (Date.now() - begin));
  };
  look();
  return {
    stop() {
      clearTimeout(timer);
      return seen;
    },
  };
}

/** Undefined if it has ended. @param {number} pid */
function lookAt(pid) {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8');
    const number = (/** @type {string} */ name) =>
      Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(status)?.[1]);
    const memory = number('VmRSS') / 1024;
    if (Number.isNaN(memory)) return undefined;
    const title = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0', 1)[0] ?? '';
    const descriptors = readdirSync(`/proc/${pid}/fd`).length;
    return { title, memory, threads: number('Threads'), descriptors };
  } catch {
    return undefined;
  }
}

/** @param {number} parent */
function childrenOf(parent) {
  try {
    return readdirSync(`/proc/${parent}/task`).flatMap((thread) =>
      readFileSync(`/proc/${parent}/task/${thread}/children`, 'utf8').split(' ').filter(Boolean).map(Number),
    );
  } catch {
    return [];
  }
}
