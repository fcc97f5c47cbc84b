// Builds the Linux executable: node build/exe.js
import { buildExecutable } from './executable.js';

const executable = await buildExecutable();
if (!executable.built) {
  console.error(`build:exe: ${executable.reason}`);
  process.exit(1);
}
