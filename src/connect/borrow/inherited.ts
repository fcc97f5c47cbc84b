import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { sshEndsWithUs } from '../../process/end-with-us.js';
import type { Connection } from '../connection.js';
import { afterLastLine } from './last-line.js';
import type { VsockEndpoint } from './openers.js';

/** A connection that a program carries between the machine and our own stdin and stdout: no byte of it comes here. */
export class Inherited implements Connection {
  readonly endpoint: VsockEndpoint;
  readonly handle = undefined;
  note: string | undefined;
  readonly carried: Promise<void>;
  readonly child: ChildProcess;

  /** `lost`: the errno that it ended with, if it did. */
  constructor(
    [program = '', ...args]: readonly string[],
    endpoint: VsockEndpoint,
    env: Readonly<Record<string, string | undefined>>,
    lost: () => string,
  ) {
    const { child, release } = sshEndsWithUs(() =>
      spawn(program, args, { env, stdio: ['inherit', 'inherit', 'pipe'] }),
    );
    this.endpoint = endpoint;
    this.child = child;
    this.carried = once(child, 'exit')
      .finally(release)
      .then(async ([code]) => {
        if (code === 0) return;
        await afterLastLine(child);
        throw Object.assign(new Error('the connection was lost'), { code: lost() });
      });
    this.carried.catch(() => {});
  }

  async read(): Promise<Uint8Array> {
    await this.carried;
    return new Uint8Array();
  }

  peek(): Promise<Uint8Array> {
    return this.read();
  }

  write(): Promise<void> {
    return Promise.reject(Object.assign(new Error('write: another program has it'), { code: 'EPIPE' }));
  }

  shutdown(): void {}

  close(): void {
    this.child.stderr?.destroy();
    this.child.kill('SIGTERM');
  }
}
