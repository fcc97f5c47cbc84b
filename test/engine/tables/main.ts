import { type Table, tables, windowsTables } from './all.js';

/** Run by the engine: main TABLE... prints what came out of each of a table's cases, as one line of JSON for each table. */
for (const name of process.argv.slice(2)) {
  const outcomes: Record<string, unknown> = {};
  for (const each of { ...tables, ...windowsTables }[name as Table]) {
    try {
      outcomes[each.name] = await each.run();
    } catch (error) {
      outcomes[each.name] = `threw ${error}`;
    }
  }
  console.log(JSON.stringify(outcomes));
}
