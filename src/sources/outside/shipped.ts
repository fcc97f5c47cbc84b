import msb from '../../../docs/sources/msb.sh';
import openshell from '../../../docs/sources/openshell.sh';
import sbx from '../../../docs/sources/sbx.sh';
import virtmeNg from '../../../docs/sources/virtme-ng.sh';

/** Sources whose programs, for /bin/sh, vmssh has: `vmssh source add` gives them to the user. */
export const shippedSources: ReadonlyMap<string, string> = new Map(
  Object.entries({ msb, openshell, sbx, 'virtme-ng': virtmeNg }),
);

/** What one lists: the first sentence of its program. */
export function aboutSource(text: string): string {
  return /^# ([^.\n]*)/m.exec(text)?.[1] ?? '';
}
