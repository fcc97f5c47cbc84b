import type { EngineBuffer, EngineTextDecoder } from '../../../src/engine/bytes.js';
import type * as timers from '../../../src/engine/globals.js';
import type { EngineAbortController, EngineAbortSignal, engineConsole } from '../../../src/engine/globals.js';
import type { EngineProcess } from '../../../src/engine/process.js';
import type { Signal } from '../../../src/engine/signals.js';

/**
 * In the place of @types/node's: what src/engine/globals.ts makes, what QuickJS has by itself, and the names of
 * types that src/ uses.
 */
declare global {
  var Buffer: typeof EngineBuffer;
  interface Buffer extends EngineBuffer {}
  var AbortController: typeof EngineAbortController;
  interface AbortController extends EngineAbortController {}
  var AbortSignal: typeof EngineAbortSignal;
  interface AbortSignal extends EngineAbortSignal {}
  var TextDecoder: typeof EngineTextDecoder;
  interface TextDecoder extends EngineTextDecoder {}
  var setTimeout: typeof timers.setTimeout;
  var setInterval: typeof timers.setInterval;
  var setImmediate: typeof timers.setImmediate;
  var clearTimeout: typeof timers.clear;
  var clearInterval: typeof timers.clear;
  var clearImmediate: typeof timers.clear;
  var process: EngineProcess;
  var console: typeof engineConsole;

  function queueMicrotask(callback: () => void): void;
  function atob(text: string): string;
  function btoa(text: string): string;
  class DOMException extends Error {
    constructor(message?: string, name?: string);
  }

  type BufferEncoding = 'utf8' | 'utf-8' | 'utf16le' | 'latin1' | 'binary' | 'hex' | 'base64' | 'base64url';

  namespace NodeJS {
    interface ErrnoException extends Error {
      errno?: number | undefined;
      code?: string | undefined;
      path?: string | undefined;
      syscall?: string | undefined;
    }
    interface Process extends EngineProcess {}
    type Platform = 'linux' | 'win32' | 'darwin' | 'freebsd';
    type Signals = Signal;
    type Timeout = timers.Timeout;
  }
}
