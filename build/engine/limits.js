/**
 * @typedef {object} Limits
 * @property {number} memory bytes that the engine may hold
 * @property {number} stack bytes of calls in calls
 * @property {number} turnMs milliseconds on the processor for one turn of the loop, such as one regular expression
 */

/**
 * The executable's: the largest answer that a provider takes has 64 MB; 7 MB of stack are some 10,000 calls, of the 8 that
 * a process usually has.
 * @type {Limits}
 */
export const limits = { memory: 1 << 30, stack: 7 << 20, turnMs: 60_000 };

/**
 * So small that a test reaches them soon, also under AddressSanitizer.
 * @type {Limits}
 */
export const tightLimits = { memory: 64 << 20, stack: 7 << 20, turnMs: 1000 };
