/** An XML element, with its text trimmed. */
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

/**
 * Reads the XML elements that libvirt prints one after the other, in linear time. Throws a RangeError if it is not XML,
 * or larger than any list of domains.
 */
export function parseXml(xml: string): readonly Element[] {
  const root: OpenElement = { name: '', attributes: {}, text: '', children: [] };
  const open: OpenElement[] = [root];
  let count = 0;
  for (let at = 0; at < xml.length; ) {
    const top = open.at(-1) ?? root;
    const next = xml.indexOf('<', at);
    const textEnd = next < 0 ? xml.length : next;
    const text = xml.slice(at, textEnd);
    if (top === root && text.trim() !== '')
      throw new RangeError(`no element: ${JSON.stringify(text.slice(0, 40))}`);
    if (text !== '') top.text += decode(text);
    at = textEnd;
    if (next < 0) break;
    const skipped = skippedAt(xml, at);
    if (skipped) {
      if (skipped.open === '<![CDATA[') top.text += xml.slice(at + skipped.open.length, skipped.at);
      at = skipped.at + skipped.close.length;
      continue;
    }
    const { closing, name, attributes, empty, end } = tagAt(xml, at);
    at = end;
    if (closing) {
      if (top.name !== name || top === root) throw new RangeError(`</${name}> closes no element`);
      open.pop();
      continue;
    }
    const element: OpenElement = { name, attributes: readAttributes(attributes), text: '', children: [] };
    top.children.push(element);
    if (++count > mostElements) throw new RangeError(`more than ${mostElements} elements`);
    if (!empty) open.push(element);
    if (open.length > mostLevels + 1) throw new RangeError(`more than ${mostLevels} levels`);
  }
  if (open.length > 1) throw new RangeError(`<${open.at(-1)?.name}> is not closed`);
  return root.children.map(trimmed);
}

/** A domain has some 300, of 6 levels. */
const mostElements = 1 << 19;
const mostLevels = 64;

/** The first element below `element` at a path of names. */
export function at(element: Element | undefined, ...path: readonly string[]): Element | undefined {
  return path.reduce<Element | undefined>(
    (each, name) => each?.children.find((child) => child.name === name),
    element,
  );
}

/** What to skip, by its beginning and end. */
const skips = [
  { open: '<!--', close: '-->' },
  { open: '<![CDATA[', close: ']]>' },
  { open: '<?', close: '>' },
  { open: '<!', close: '>' },
] as const;

/** The end of what begins here. */
function skippedAt(xml: string, start: number) {
  const skip = skips.find(({ open }) => xml.startsWith(open, start));
  if (skip === undefined) return undefined;
  const at = xml.indexOf(skip.close, start + skip.open.length);
  if (at < 0) throw new RangeError(`${skip.open} without ${skip.close}`);
  return { ...skip, at };
}

const tag = /<(\/?)([\w:.-]+)((?:\s+[\w:.-]+\s*=\s*(?:"[^"]*"|'[^']*'))*)\s*(\/?)>/y;

function tagAt(xml: string, start: number) {
  tag.lastIndex = start;
  const [, closing = '', name = '', attributes = '', empty = ''] = tag.exec(xml) ?? [];
  if (name === '') throw new RangeError(`no tag: ${JSON.stringify(xml.slice(start, start + 40))}`);
  return { closing: closing !== '', name, attributes, empty: empty !== '', end: tag.lastIndex };
}

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
