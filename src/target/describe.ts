import type { AnyTarget } from './target.js';

/** The kind and its fields: "vsock cid=3". */
export function describeTarget({ kind, ...rest }: AnyTarget): string {
  const fields = Object.entries(rest).map(
    ([name, value]: [string, unknown]) => `${name}=${fieldText(value)}`,
  );
  return [kind, ...fields].join(' ');
}

function fieldText(value: unknown): string {
  return typeof value === 'object' && value !== null
    ? `(${describeTarget(value as AnyTarget)})`
    : String(value);
}
