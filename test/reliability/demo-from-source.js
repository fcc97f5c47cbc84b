// node demo-from-source.js: what `npm run demo` runs, as its sources are.
import './source-hooks.js';

await import(new URL('../../src/demo/demo.ts', import.meta.url).href);
