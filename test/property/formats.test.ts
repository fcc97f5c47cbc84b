import fc from 'fast-check';
import { describe, expect } from 'vitest';
import { type Element, parseDomains, parseXml } from '../../src/sources/libvirt/libvirt.js';
import { DiscoveryError } from '../../src/sources/source.js';
import { parseJson } from '../../src/sources/tools/json.js';
import { anyText, expectOr, property, textOf } from './property.js';

describe('XML', () => {
  const name = textOf('abz:._-', 1, 5);
  const text = anyText().map((each) => each.replaceAll(/[\0\r]/g, '').trim());
  const attributes = fc.dictionary(name, text, { maxKeys: 3, noNullPrototype: true });
  const leaf = fc.record({ name, text, attributes, children: fc.constant([]) });
  const { tree } = fc.letrec<{ tree: Element }>((tie) => {
    const children = fc.array(tie('tree'), { maxLength: 3 });
    return { tree: fc.oneof({ maxDepth: 4 }, leaf, fc.record({ name, text, attributes, children })) };
  });

  property('is read as it was written', fc.array(tree, { maxLength: 3 }), (trees) =>
    expect(parseXml(trees.map(written).join('\n'))).toEqual(trees),
  );

  const piece = fc.constantFrom(
    ...['<a>', '</a>', '<a/>', '<!--', '-->', '<![CDATA[', ']]>', '<a b="', '"', '&#x110000;'],
  );
  property('that is invalid is refused', fc.array(fc.oneof(piece, anyText())), (pieces) => {
    const text = pieces.join('');
    expectOr(() => parseXml(text), RangeError);
    expectOr(() => parseDomains(`<domain>${text}</domain>`, 'system'), DiscoveryError);
  });

  function written({ name, text, attributes, children }: Element): string {
    const pairs = Object.entries(attributes).map(([key, value = '']) => ` ${key}='${escaped(value)}'`);
    const [own, inner] = [escaped(text), children.map(written).join('')];
    return `<${name}${pairs.join('')}>${own.replaceAll(']]>', ']]&gt;')}${inner}</${name}>`;
  }

  function escaped(text: string): string {
    return text.replaceAll(/[<&"']/g, (c) => `&#${c.codePointAt(0)};`);
  }
});

describe('JSON', () => {
  const tricky = fc.oneof(anyText(), textOf('[]{}",:\\', 0, 30));
  property('is read as by JSON.parse', fc.jsonValue({ maxDepth: 8 }), (value) => {
    const text = JSON.stringify(value);
    expect(parseJson(text)).toEqual(JSON.parse(text));
  });

  property(
    'may have any number of brackets in its strings',
    fc.tuple(tricky, fc.integer({ min: 0, max: 70 })),
    ([text, levels]) => {
      const strings = JSON.stringify([text, '['.repeat(100), { [`{${text}`]: text }]);
      const json = `${'['.repeat(levels)}${strings}${']'.repeat(levels)}`;
      if (levels <= 62) expect(parseJson(json)).toEqual(JSON.parse(json));
      else expect(() => parseJson(json)).toThrow(/levels/);
    },
  );

  property('that is invalid is refused', tricky, (text) => expectOr(() => parseJson(text), SyntaxError));
});
