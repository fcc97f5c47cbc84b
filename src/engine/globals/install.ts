import { EngineAbortController, EngineAbortSignal } from './abort.js';
import { EngineBuffer } from './buffer.js';
import { engineConsole } from './console.js';
import { EngineProcess } from './process.js';
import { EngineTextDecoder, EngineTextEncoder } from './text-coders.js';
import * as timers from './timers.js';

/** The globals that Node has and the engine lacks. The first module of the executable: the others rely on them. */
Object.assign(globalThis, {
  Buffer: EngineBuffer,
  AbortController: EngineAbortController,
  AbortSignal: EngineAbortSignal,
  TextEncoder: EngineTextEncoder,
  TextDecoder: EngineTextDecoder,
  setTimeout: timers.setTimeout,
  setInterval: timers.setInterval,
  setImmediate: timers.setImmediate,
  clearTimeout: timers.clear,
  clearInterval: timers.clear,
  clearImmediate: timers.clear,
  process: new EngineProcess(),
  console: engineConsole,
});
