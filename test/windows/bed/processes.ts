import { readdirSync, readFileSync } from 'node:fs';

/** The programs that run in the Wine prefix of this run, but for those of Wine itself: their command lines. */
export function windowsProcesses(work: string): readonly string[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => read(`/proc/${pid}/environ`).includes('WINEPREFIX=/mnt/work/prefix'))
    .filter((pid) => read(`/proc/${pid}/mountinfo`).includes(work.replace(/^.*\//, '/')))
    .map((pid) => read(`/proc/${pid}/cmdline`).replaceAll('\0', ' '))
    .filter((line) => /bridge\.exe|vmssh\.exe|node\.exe|bun\.exe/i.test(line));
}

function read(path: string): string {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return ''; // it ended meanwhile
  }
}
