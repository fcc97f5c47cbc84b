import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { startDetached } from '../../src/process/start-detached.js';
import { useTempDir } from '../helpers/temp-dir.js';

const dir = useTempDir();

describe('a program that is started and left', () => {
  it('goes on in a session of its own, with its words as they are', async () => {
    const path = join(dir, 'words');
    const script = 'printf "%s\\n" "$@" > "$0"; echo $$ > "$0.new"; mv "$0.new" "$0.pid"; exec sleep 100';
    const words = ['a b', '$(touch x)', '"', ''];
    expect(await startDetached(['/bin/sh', '-c', script, path, ...words], process.env)).toBeUndefined();
    await expect.poll(() => existsSync(`${path}.pid`)).toBe(true);
    const pid = Number(readFileSync(`${path}.pid`, 'utf8'));
    onTestFinished(() => void process.kill(pid));
    expect(readFileSync(path, 'utf8').split('\n')).toEqual([...words, '']);
    // After the name, which may have a bracket: state, parent, group, session.
    const [, , , session] = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)?.split(' ') ?? [];
    expect(Number(session)).toBe(pid);
  });

  it('is seen to end', async () => {
    expect(await startDetached(['/bin/sh', '-c', 'exit 3'], process.env)).toEqual({ code: 3, signal: null });
  });

  it('is an error if it cannot be started', async () => {
    const path = join(dir, 'none');
    writeFileSync(path, 'no program');
    await expect(startDetached([path], process.env)).rejects.toMatchObject({ code: 'EACCES' });
  });
});
