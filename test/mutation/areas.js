/**
 * What is mutated, and the unit tests that have to notice, so that a change is tried in a second or two. `loaded`: also what runs
 * as a file is loaded.
 * @typedef {{ mutate: string[], tests: string[], loaded?: boolean }} Area
 * @type {Record<string, Area>}
 */
export const areas = {
  address: { mutate: ['src/address/*.ts'], tests: ['test/address', 'test/kinds'] },
  targets: {
    mutate: ['src/target/*.ts', 'src/kinds/*.ts', 'src/resolve/socket*.ts'],
    tests: ['test/target', 'test/kinds'],
  },
  connect: { mutate: ['src/connect/**/*.ts', '!src/connect/failures/*.ts'], tests: ['test/connect'] },
  // Tables, which are made as their files are loaded; a test compares them with docs/errors.md.
  failures: { mutate: ['src/connect/failures/*.ts'], tests: ['test/connect/failures'], loaded: true },
  'host-keys': { mutate: ['src/host-keys/*.ts'], tests: ['test/host-keys'] },
  'ssh-config': { mutate: ['src/ssh/config/*.ts'], tests: ['test/ssh/config'] },
};
