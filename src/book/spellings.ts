import { kindWords } from '../kinds/kind.js';
import { asTarget, isNamed, kinds } from '../kinds/kinds.js';
import { isHostName, matchesPattern } from '../typed/names.js';
import { parseUuid } from '../typed/numbers.js';

/** The targets that have the name or UUID of a machine here, of each kind: "qemu/web", "machine/web". */
export function targetsNamed(name: string): readonly string[] {
  const named = kinds.filter(({ rest }) => rest === 'name');
  return named.flatMap(kindWords).map((word) => `${word}/${name}`);
}

/** The targets that were typed where a key is kept by that name, also one of identity.ts. None for an address, where another machine may answer later. */
export function targetsKept(name: string): readonly string[] {
  const [text = '', digest] = name.replace(/^vmssh-/, '').split('=');
  if (parseUuid(text)) return targetsNamed(text);
  const target = asTarget(text);
  const [, word = '', rest = ''] = /^(\w[^/%]*)[/%](.+)$/.exec(text) ?? [];
  if (rest === '' || (target && !isNamed(target))) return [];
  // "qemu-session%web", "outside-lab%web"; of "hv1/qemu/web" only "hv1-qemu-web" is left.
  const plain = digest === undefined ? rest : rest.replaceAll('vmssh-', '').replaceAll('-', '?');
  const words = [word, word.replace(/-(?:system|session|user)$/, ''), word.replace(/^outside-/, '')];
  return [...new Set(words)].map((each) => `${each}/${plain}`);
}

/** A target as all of its spellings have it: without a scope, with slashes, in lower case. */
export function spelledAlike(target: string): string {
  const text = target.toLowerCase().replace(/^([\w-]+):[\w*?]+(?=[/%])/, '$1');
  return text.replaceAll(/[%:]/g, '/');
}

/** Whether patterns of targets mean one. */
export function meantBy(patterns: readonly string[]): (target: string) => boolean {
  const all = patterns.map(spelledAlike);
  const kindIn = (text: string) => text.replace(/\/.*/s, '');
  return (target) => {
    const text = spelledAlike(target);
    // Of one that is not known letter by letter the kind decides.
    const isPart = text.includes('?');
    return all.some((each) =>
      isPart ? matchesPattern(kindIn(text), kindIn(each)) : matchesPattern(text, each),
    );
  };
}

/** Patterns of ssh_config(5) for every spelling of targets. `isExact`: for an ssh that asks nobody, and compares letter by letter. */
export function patternsFor(targets: readonly string[], isExact: boolean): readonly string[] {
  return [...new Set(targets.flatMap((target) => spellingsOf(target, isExact)))];
}

function spellingsOf(target: string, isExact: boolean): readonly string[] {
  const [, word = '', rest = ''] = /^([^/%:]+)(?::\w+)?[/%:](.+)$/.exec(target) ?? [];
  const id = parseUuid(rest)?.replaceAll(/[a-f]/g, '?').replaceAll('-', '*');
  const plain = id ?? rest.replaceAll(/[/%:]/g, '?');
  // No other can be typed, or stand in a line.
  if (rest === '' || (!id && !isHostName(`x${plain.replaceAll('?', '-')}`))) return [];
  // With a letter as a capital none of its kind is meant.
  const letters = isExact ? plain.toUpperCase().replaceAll(/[^A-Z]/g, '') : '';
  return [
    ...[plain, plain.toLowerCase()].flatMap((each) => [`${word}*/${each}`, `${word}*%${each}`]),
    ...[...letters].map((letter) => `${word}*${letter}*`),
  ];
}
