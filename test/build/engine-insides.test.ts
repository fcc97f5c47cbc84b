import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { checkInsides } from '../../build/engine/insides.js';
import { useTempDir } from '../helpers/temp-dir.js';

const dir = useTempDir();
const shape =
  'int x;\nstruct JSShape {\n    int hash; /* a hash */\n    struct {\n        int y;\n    } z;\n};\n';
const expected = [
  {
    name: 'struct JSShape',
    begin: /^struct JSShape \{/m,
    sum: 'c35227e5f560210a',
    why: 'its hash is made anew',
  },
];

function check(text: string): string {
  writeFileSync(join(dir, 'quickjs.c'), text);
  try {
    checkInsides(dir, expected);
    return 'as expected';
  } catch (error) {
    return (error as Error).message;
  }
}

it.each([
  ['the same', shape, /^as expected$/],
  ['other comments', shape.replace('a hash', 'the hash of it'), /^as expected$/],
  [
    'one more field',
    shape.replace('int y;', 'int y, more;'),
    /^this QuickJS-ng differs .*\n {2}struct JSShape: its hash is made anew \(now [0-9a-f]{16}\)\nhint: docs\/contributing\/engine\.md/,
  ],
  ['another name', shape.replace('JSShape', 'Shape'), /its hash is made anew \(now not there\)/],
])('compares what the image needs of the engine: $0', (_name, text, says) => {
  expect(check(text)).toMatch(says);
});
