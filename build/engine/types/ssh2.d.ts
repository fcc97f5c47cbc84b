import type { Duplex } from 'node:stream';

/** The executable has no ssh2: what would load it is of Node's program, and only its types are here. */
export type ServerHostKeyAlgorithm = string;

declare class Client {
  on(event: 'ready' | 'end' | 'close', listener: () => void): this;
  on(event: 'error', listener: (error: Error) => void): this;
  connect(options: { readonly sock: Duplex }): this;
  destroy(): void;
}

declare const ssh2: { readonly Client: typeof Client };
export default ssh2;
