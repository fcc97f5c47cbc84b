import { describe, expect, it } from 'vitest';
import { parseGuid, parseUuid, vmIds } from '../../src/typed/numbers.js';

const plain = '0123abcd-4567-89ab-cdef-0123456789ab';

describe('parseGuid', () => {
  it.each([plain, plain.toUpperCase(), `{${plain}}`])('reads %s', (text) => {
    expect(parseGuid(text)).toBe(plain);
  });

  it.each([
    ['only an opening brace', `{${plain}`],
    ['only a closing brace', `${plain}}`],
    ['no dashes', plain.replaceAll('-', '')],
    ['a dash in another place', '0123abc-d4567-89ab-cdef-0123456789ab'],
    ['a digit too few', plain.slice(0, -1)],
    ['a letter past f', plain.replace('a', 'g')],
    ['a space in front', ` ${plain}`],
    ['a line feed at the end', `${plain}\n`],
    ['nothing', ''],
  ])('takes none with %s', (_what, text) => expect(parseGuid(text)).toBeUndefined());
});

it('the well-known VM ids are those of Windows', () => {
  expect(vmIds).toEqual({
    ZERO: '00000000-0000-0000-0000-000000000000',
    BROADCAST: 'ffffffff-ffff-ffff-ffff-ffffffffffff',
    CHILDREN: '90db8b89-0d35-4f79-8ce9-49ea0ac8b7cd',
    LOOPBACK: 'e0e16197-dd56-4a10-9195-5ee7a155a838',
    PARENT: 'a42e7cda-d03f-480c-9cc2-a4de20abb878',
    SILOHOST: '36bd0c5c-7276-4223-88ba-7d03b654c568',
  });
});

describe('a UUID or machine id', () => {
  it.each([plain, `{${plain.toUpperCase()}}`, plain.replaceAll('-', '')])('is read from %s', (text) => {
    expect(parseUuid(text)).toBe(plain);
  });

  it.each([`${plain}0`, plain.replace('a', 'g'), '-'.repeat(36), ''])('is not "%s"', (text) => {
    expect(parseUuid(text)).toBeUndefined();
  });
});
