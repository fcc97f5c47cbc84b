import { describe, expect, it } from 'vitest';
import { parseGuid, parseUuid, vmIds } from '../../src/target/guid.js';

const plain = '0123abcd-4567-89ab-cdef-0123456789ab';

describe('parseGuid', () => {
  it.each([
    { name: 'lower case', input: plain, want: plain },
    { name: 'upper case', input: plain.toUpperCase(), want: plain },
    { name: 'braces', input: `{${plain}}`, want: plain },
    { name: 'only an opening brace', input: `{${plain}`, want: undefined },
    { name: 'only a closing brace', input: `${plain}}`, want: undefined },
    { name: 'two pairs of braces', input: `{{${plain}}}`, want: undefined },
    { name: 'no dashes', input: plain.replaceAll('-', ''), want: undefined },
    { name: 'a dash in another place', input: '0123abc-d4567-89ab-cdef-0123456789ab', want: undefined },
    { name: 'a digit too few', input: plain.slice(0, -1), want: undefined },
    { name: 'a digit too many', input: `${plain}0`, want: undefined },
    { name: 'a letter past f', input: plain.replace('a', 'g'), want: undefined },
    { name: 'a space in front', input: ` ${plain}`, want: undefined },
    { name: 'a line feed at the end', input: `${plain}\n`, want: undefined },
    { name: 'nothing', input: '', want: undefined },
  ])('$name', ({ input, want }) => {
    expect(parseGuid(input)).toBe(want);
  });
});

describe('the well-known VM ids', () => {
  // Laid out by hand from the text of each: three little-endian numbers, then eight bytes as written.
  it.each([
    { name: 'ZERO', text: '00000000-0000-0000-0000-000000000000', bytes: '00000000000000000000000000000000' },
    {
      name: 'BROADCAST',
      text: 'ffffffff-ffff-ffff-ffff-ffffffffffff',
    },
    {
      name: 'CHILDREN',
      text: '90db8b89-0d35-4f79-8ce9-49ea0ac8b7cd',
    },
    {
      name: 'LOOPBACK',
      text: 'e0e16197-dd56-4a10-9195-5ee7a155a838',
    },
    {
      name: 'PARENT',
      text: 'a42e7cda-d03f-480c-9cc2-a4de20abb878',
    },
    {
      name: 'SILOHOST',
      text: '36bd0c5c-7276-4223-88ba-7d03b654c568',
    },
  ] as const)('$name', ({ name, text }) => {
    expect(vmIds[name]).toBe(text);
  });

  it('are all of them', () => {
    const names = ['ZERO', 'BROADCAST', 'CHILDREN', 'LOOPBACK', 'PARENT', 'SILOHOST'];
    expect(Object.keys(vmIds)).toEqual(names);
  });
});

describe('a UUID or machine id', () => {
  const uuid = '0123abcd-4567-89ab-cdef-0123456789ab';
  it.each([
    { input: uuid, want: uuid },
    { input: `{${uuid.toUpperCase()}}`, want: uuid },
    { input: uuid.replaceAll('-', ''), want: uuid },
    { input: `${uuid}0`, want: undefined },
    { input: uuid.replace('a', 'g'), want: undefined },
    { input: '-'.repeat(36), want: undefined },
    { input: '', want: undefined },
  ])('$input', ({ input, want }) => expect(parseUuid(input)).toBe(want));
});
