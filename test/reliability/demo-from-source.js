// node demo-from-source.js: what `npm run demo` runs, from its sources.
import './source-hooks.js';

await import(new URL('../../src/demo/demo.ts', import.meta.url).href);
