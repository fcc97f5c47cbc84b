import { sshEndsWithUs } from '../../process/end-with-us.js';
import { Carried } from '../carried.js';
import { afterLastLine } from './last-line.js';
import type { VsockEndpoint } from './openers.js';

/** A connection whose bytes come and go by the pipes of the program that has its socket. */
export class Piped extends Carried<VsockEndpoint> {
  readonly #lost: () => string;

  /** `lost`: the errno that it ended with, if it did. */
  constructor(
    command: readonly string[],
    endpoint: VsockEndpoint,
    env: Readonly<Record<string, string | undefined>>,
    lost: () => string,
  ) {
    super(command, endpoint, withoutSocket, {
      env,
      start: sshEndsWithUs,
      stderr: 'pipe',
      stop: (child) => child.kill('SIGTERM'),
    });
    this.#lost = lost;
  }

  override async read(max: number): Promise<Uint8Array> {
    const bytes = await super.read(max);
    if (bytes.length === 0) await this.confirmEnd();
    return bytes;
  }

  override close(): void {
    super.close();
    this.child.stderr?.destroy();
  }

  /** An end-of-file is the machine's only if the program ended well. */
  async confirmEnd(): Promise<void> {
    const { code } = await this.end;
    if (code === 0) return;
    await afterLastLine(this.child);
    throw Object.assign(new Error('the connection was lost'), { code: this.#lost() });
  }
}

const withoutSocket = { missing: new Error('the program has the socket') };
