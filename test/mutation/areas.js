/**
 * What is changed, and the unit tests that must notice it: few, so that each change takes a second or two. `loaded`: also change code
 * that runs when its file is loaded.
 * @typedef {{ mutate: string[], tests: string[], loaded?: boolean }} Area
 * @type {Record<string, Area>}
 */
export const areas = {
  targets: {
    mutate: ['src/typed/*.ts', 'src/kinds/*.ts', 'src/sources/routes.ts'],
    tests: ['test/typed', 'test/kinds', 'test/sources/routes.test.ts'],
  },
  connect: { mutate: ['src/connect/**/*.ts', '!src/connect/failures/*.ts'], tests: ['test/connect'] },
  // Tables, made when their files are loaded; a test makes docs/reference/connect-errors.md of them.
  failures: { mutate: ['src/connect/failures/*.ts'], tests: ['test/connect/failures'], loaded: true },
  book: {
    mutate: ['src/book/*.ts'],
    tests: [
      'test/book',
      ...['hosts', 'decide', 'gone', 'refresh'].map((name) => `test/hosts/${name}.test.ts`),
    ],
  },
  keys: { mutate: ['src/keys/*.ts'], tests: ['test/keys'] },
  'ssh-config': {
    mutate: ['src/ssh/config/*.ts', 'src/hosts/{hosts,text}.ts'],
    tests: [
      'test/ssh/config',
      ...['hosts', 'text', 'whole-text', 'windows'].map((name) => `test/hosts/${name}.test.ts`),
    ],
  },
};
