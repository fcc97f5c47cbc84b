import type { ViaEndpoint } from '../../endpoint.js';
import type { AddonState } from '../../native.js';
import { sshEndsWithUs } from '../../process/end-with-us.js';
import { Carried } from '../carried.js';

type Env = Readonly<Record<string, string | undefined>>;

/** A connection that an ssh carries, whose stderr is ours. */
export class Hop extends Carried<ViaEndpoint> {
  constructor(command: readonly string[], endpoint: ViaEndpoint, native: AddonState, env: Env) {
    super(command, endpoint, native, {
      env,
      start: sshEndsWithUs,
      stderr: 'inherit',
      stop: (child) => child.kill('SIGTERM'),
    });
  }

  override async read(max: number): Promise<Uint8Array> {
    const bytes = await super.read(max);
    if (bytes.length === 0) await this.confirmEnd();
    return bytes;
  }

  /** An end-of-file is the machine's only if ssh and the tool there ended well: bytes may be missing otherwise. */
  async confirmEnd(): Promise<void> {
    const { code, signal } = await this.end;
    if (code === 0) return;
    const how = signal ? `a signal ended it: ${signal}` : `exit code ${code}`;
    throw Object.assign(new Error(`ssh ${this.endpoint.host}: ${how}`), { code: 'HOP_LOST' });
  }
}
