// node from-source.js ARGUMENT…: vmssh from its sources, without a build.
import './source-hooks.js';

const { main } = await import(new URL('../../src/program/main.ts', import.meta.url).href);
await main('vmssh');
