import { describe, expect, it } from 'vitest';
import { missingOwnHome } from '../e2e/host-keys/own-home.js';
import { missingAddon } from '../helpers/addon.js';
import { lacks } from '../helpers/programs.js';
import { picture, scenes } from './scenes.js';
import { inColors } from './shown.js';
import { type Step, World } from './world.js';

const missing = lacks('script', 'ssh', 'sshd') ?? missingAddon() ?? missingOwnHome();

/** What no screen may have, and the rows that have it. */
const rules: Readonly<Record<string, (step: Step) => readonly string[]>> = {
  cut: ({ typed, lines }) =>
    lines.flatMap((rows) =>
      rows.length > 1 && !mayBeLong.test(rows.join('')) && !showsFiles.test(typed) ? [rows.join('')] : [],
    ),
  'with an id': ({ typed, lines }) =>
    rowsOf(lines).filter((row) => /[0-9a-f]{13,}/.test(row) && !/ -v/.test(typed)),
  'with a frame of a spinner': ({ lines }) => rowsOf(lines).filter((row) => /[\u2801-\u28ff]/.test(row)),
  'with two fixes': ({ lines }) => rowsOf(lines).filter((row) => /^ *fix: .* or /.test(row)),
};

/** A command to copy, and what ssh says. */
const mayBeLong = /^ *fix: |^The authenticity of host |^KnownHostsCommand-/;
const showsFiles = / diff -v| source (add|remove) /;
const rowsOf = (lines: Step['lines']) => lines.map((rows) => rows.join(''));

const textOf = ({ steps }: World) =>
  steps.map(({ typed, lines }) => `${[typed, ...lines.flat()].join('\n')}\n`).join('');

it.skipIf(missing)('what README.md has a picture of', async () => {
  const world = new World(80, inColors);
  await picture(world);
  await expect(textOf(world).replaceAll(/(?<=\n)\$ /g, '\n$ ')).toMatchFileSnapshot(
    '../../docs/pictures/terminal.txt',
  );
});

describe.skipIf(missing).each([80, 120])('at %i columns', (columns) => {
  it.each(Object.entries(scenes))('%s', async (name, scene) => {
    const world = new World(columns);
    await scene(world);
    await expect(textOf(world)).toMatchFileSnapshot(`${columns}/${name}.txt`);
    for (const [rule, find] of Object.entries(rules)) {
      const rows = world.steps.flatMap(find);
      expect.soft({ rule, rows }).toEqual({ rule, rows: [] });
    }
  });
});
