import { expect, test } from 'vitest';
import { hasControlCharacter } from '../../src/address/control-character.js';

test('agrees with Unicode on every character', () => {
  for (let unit = 0; unit <= 0xffff; unit++) {
    const character = String.fromCharCode(unit);
    expect([unit, hasControlCharacter(`a${character}b`)]).toEqual([unit, /\p{Cc}/u.test(character)]);
  }
});
