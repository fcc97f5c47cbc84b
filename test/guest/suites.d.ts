import type { Suite } from './guest.js';

export interface SuiteFacts {
  /** The Debian suite that it is made of, where that is not its name. */
  debian?: string;
  /** The systemd there, at least. */
  systemd: number;
  packages: string[];
  /** Whether its systemd listens on vsock port 22 by itself. */
  servesVsock: boolean;
}

export const suites: Record<Suite, SuiteFacts>;
export const suiteNames: Suite[];
export function suiteNamed(name: string): SuiteFacts;
