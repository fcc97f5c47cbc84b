import { kill } from 'engine:processes';

/** Sends a signal to a child. False if it has ended: on Windows that shows before its exit is reported. Throws any other error. */
export function endChild(pid: number, signal: number): boolean {
  try {
    kill(pid, signal);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false;
    throw error;
  }
}
