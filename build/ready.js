// The first command of the scripts in package.json: ends them if this Node is too old, or npm ci was not run. It imports no package itself.
import { createRequire } from 'node:module';
import { nodeProblem } from './bundle/node-version.js';

const problem = nodeProblem(process.versions.node) ?? packagesProblem();
if (problem !== undefined) {
  console.error(problem);
  process.exit(1);
}

/** For all packages one that only npm ci brings, which npm ci --omit=dev does not. */
function packagesProblem() {
  try {
    createRequire(import.meta.url).resolve('rolldown');
    return undefined;
  } catch {
    return 'vmssh: the packages that this needs are not installed: run npm ci first';
  }
}
