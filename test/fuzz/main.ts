import { targets } from './targets.js';

/** Called by main.cpp with each input. */
const target = targets[process.env.VMSSH_FUZZ_TARGET ?? ''];
if (!target) throw new Error(`VMSSH_FUZZ_TARGET has to be one of ${Object.keys(targets).join(', ')}`);
Object.assign(globalThis, { fuzz: (bytes: Uint8Array) => target(Buffer.from(bytes)) });
