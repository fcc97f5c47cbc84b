/** An XML element, without its text's white space at the ends. */
export interface Element {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string | undefined>>;
  readonly text: string;
  readonly children: readonly Element[];
}

interface OpenElement extends Element {
  text: string;
  readonly children: Element[];
}

/** Reads the elements of a text as libvirt prints it, one after the other. Throws a RangeError where tags do not match. */
export function parseXml(xml: string): readonly Element[] {
  const root: OpenElement = { name: '', attributes: {}, text: '', children: [] };
  const open: OpenElement[] = [root];
  for (const [token, closing, name = '', attributes = '', empty] of xml.matchAll(tokens)) {
    const top = open.at(-1) ?? root;
    if (closing) {
      if (top.name !== name || top === root) throw new RangeError(`</${name}> closes no element`);
      open.pop();
    } else if (name) {
      const element: OpenElement = { name, attributes: readAttributes(attributes), text: '', children: [] };
      top.children.push(element);
      if (!empty) open.push(element);
    } else if (!token.startsWith('<')) {
      top.text += decode(token);
    } else if (token.startsWith('<![CDATA[')) {
      top.text += token.slice(9, -3);
    }
  }
  if (open.length > 1) throw new RangeError(`<${open.at(-1)?.name}> is not closed`);
  return root.children.map(trimmed);
}

/** The first element at a path of names below `element`. */
export function at(element: Element | undefined, ...path: readonly string[]): Element | undefined {
  return path.reduce<Element | undefined>(
    (each, name) => each?.children.find((child) => child.name === name),
    element,
  );
}

const tokens =
  /<!\[CDATA\[[\s\S]*?\]\]>|<!--[\s\S]*?-->|<[?!][^>]*>|<(\/?)([\w:.-]+)((?:\s+[\w:.-]+\s*=\s*(?:"[^"]*"|'[^']*'))*)\s*(\/?)>|[^<]+/g;

function readAttributes(text: string): Element['attributes'] {
  const pairs = [...text.matchAll(/([\w:.-]+)\s*=\s*(?:"([^"]*)"|'([^']*)')/g)];
  return Object.fromEntries(
    pairs.map(([, name = '', double, single = '']) => [name, decode(double ?? single)]),
  );
}

function decode(text: string): string {
  return text.replace(
    /&(?:#x([0-9a-f]+)|#(\d+)|(lt|gt|amp|quot|apos));/gi,
    (_, hex, decimal, name: string) =>
      name
        ? (entities[name] ?? '')
        : String.fromCodePoint(Math.min(0x10ffff, hex ? Number.parseInt(hex, 16) : Number(decimal))),
  );
}

const entities: Readonly<Record<string, string>> = { lt: '<', gt: '>', amp: '&', quot: '"', apos: "'" };

function trimmed(element: Element): Element {
  return { ...element, text: element.text.trim(), children: element.children.map(trimmed) };
}
