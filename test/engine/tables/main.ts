import { tables } from './all.js';

/** Run by the engine: main TABLE prints what came out of each of its cases, as JSON. */
const outcomes: Record<string, unknown> = {};
for (const { name, run } of tables[process.argv[2] as keyof typeof tables]) {
  try {
    outcomes[name] = await run();
  } catch (error) {
    outcomes[name] = `threw ${error}`;
  }
}
console.log(JSON.stringify(outcomes));
