import { describe, expect, it } from 'vitest';
import { asAscii, exportingLater, inParentheses } from '../../../build/bundle/for-v8.js';

/** What a script in CommonJS exports. */
function exportsOf(source: string): unknown {
  const exports = {};
  new Function('exports', source)(exports);
  return exports;
}

describe('a script for V8', () => {
  const source = `exports.early = twice(2);
function twice(n) {
  return once(n) + once(n);
}
async function late() {}
function once(n) {
  return n;
}
exports.name = once.name;
`;

  it('has the named functions in parentheses, before all others, and does the same', () => {
    const written = inParentheses(source, new Set(['twice', 'once', 'absent']));
    expect(written).toMatch(
      /^const twice = \(function twice\(n\) \{[^}]*\}\);\nconst once = \(function once\(/,
    );
    expect(written).toContain('\nasync function late() {}\n');
    expect(written.match(/function (twice|once)\(/g)).toHaveLength(2);
    expect(exportsOf(written)).toEqual({ early: 4, name: 'once' });
    expect(exportsOf(written)).toEqual(exportsOf(source));
  });

  it('stays as it is if none of them is named', () => expect(inParentheses(source, new Set())).toBe(source));

  it('exports at once only what begins, and the rest when it is asked for', () => {
    const written = exportingLater('const a = 1;\nconst main = 2;\nexports.a = a;\nexports.main = main;\n');
    const exported = exportsOf(written) as { exportAll(): void };
    expect(Object.keys(exported)).toEqual(['main', 'exportAll']);
    exported.exportAll();
    expect(exported).toMatchObject({ a: 1, main: 2 });
  });

  it('is ASCII, and does the same', () => {
    const wide = 'exports.text = "a → \u{1f600}" + `é`.replace(/[à-ü]/, "x");';
    expect(asAscii(wide)).toMatch(/^[\0-\x7f]+$/);
    expect(exportsOf(asAscii(wide))).toEqual({ text: 'a → \u{1f600}x' });
  });
});
