// node from-source.js ARGUMENT…: vmssh as its sources are.
import './source-hooks.js';

const { main } = await import(new URL('../../src/main.ts', import.meta.url).href);
await main('vmssh');
