import type { Reporter, TestModule } from 'vitest/node';

// After all: one line a file, with what passed, failed and was skipped, and how long it took. With VMSSH_NO_SKIP=1 a
// skipped test fails the run.
export default class Summary implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    const rows = modules.map(rowOf);
    const header = ['guests', 'passed', 'failed', 'skipped', 'seconds'];
    const widths = header.map((title, i) =>
      Math.max(title.length, ...rows.map((row) => (row[i] ?? '').length)),
    );
    for (const row of [header, ...rows]) {
      console.log(
        row
          .map((cell, i) => (i === 0 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0)))
          .join('  '),
      );
    }
    if (process.env.VMSSH_NO_SKIP === '1' && rows.some((row) => row[3] !== '0')) {
      console.error('VMSSH_NO_SKIP=1, but tests were skipped');
      process.exitCode = 1;
    }
  }
}

function rowOf(module: TestModule): string[] {
  const states = [...module.children.allTests()].map((test) => test.result().state);
  const count = (state: string) => String(states.filter((one) => one === state).length);
  const name = module.relativeModuleId.replace(/^test\/vm\//, '');
  const failed =
    module.errors().length > 0 ? `${count('failed')}+${module.errors().length}` : count('failed');
  const seconds = (module.diagnostic().duration / 1000).toFixed(0);
  return [name, count('passed'), failed, count('skipped'), seconds];
}
