import type { Suite } from './guest.js';

export interface SuiteFacts {
  /** The systemd there, at least. */
  systemd: number;
  packages: string[];
  /** Whether its systemd listens on vsock port 22 by itself. */
  servesVsock: boolean;
}

export const suites: Record<Suite, SuiteFacts>;
export const suiteNames: Suite[];
export function suiteNamed(name: string): SuiteFacts;
