// Builds dist/ (dist.js), if this Node can run the tools for it: node build/node.js [--no-executable | --update-executable]
import { nodeProblem } from './bundle/node-version.js';

const problem = nodeProblem(process.versions.node);
if (problem !== undefined) {
  console.error(problem);
  process.exit(1);
}
// Imported only now: with an older Node already the import of rolldown fails, by a SyntaxError.
await import('./dist.js');
