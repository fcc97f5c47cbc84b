import { readdirSync, readFileSync } from 'node:fs';

/** A program that runs under Wine, with its pid on Linux. */
export interface WindowsProcess {
  readonly pid: number;
  /** Its command line. */
  readonly line: string;
}

/** The programs that run in the Wine prefix of this run, but for those of Wine itself. */
export function windowsProcesses(work: string): readonly WindowsProcess[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => read(`/proc/${pid}/environ`).includes('WINEPREFIX=/mnt/work/prefix'))
    .filter((pid) => read(`/proc/${pid}/mountinfo`).includes(work.replace(/^.*\//, '/')))
    .map((pid) => ({ pid: Number(pid), line: read(`/proc/${pid}/cmdline`).replaceAll('\0', ' ') }))
    .filter(({ line }) => /bridge\.exe|vmssh\.exe|node\.exe|bun\.exe/i.test(line));
}

function read(path: string): string {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return ''; // it ended meanwhile
  }
}
