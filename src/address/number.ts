/** An unsigned 32-bit number: decimal without leading zeros, or hexadecimal after 0x. Undefined for anything else. */
export function parseUnsigned32(text: string): number | undefined {
  if (!isDecimal(text) && !/^0x[0-9a-f]+$/i.test(text)) return undefined;
  const value = Number(text);
  return value <= 0xffffffff ? value : undefined;
}

/** Without a regular expression: every proxy parses a port. */
function isDecimal(text: string): boolean {
  for (const digit of text) if (digit < '0' || digit > '9') return false;
  return text === '0' || (text !== '' && text[0] !== '0');
}

/** Why `parseUnsigned32` refused the text: one clause. */
export function explainUnsigned32(text: string): string {
  if (/^-\d+$/.test(text)) return 'it is negative';
  if (/^0\d+$/.test(text))
    return 'it has a leading zero: write it in decimal without one, or in hexadecimal after 0x';
  if (/^(\d+|0x[0-9a-f]+)$/i.test(text)) return 'it is over 4294967295';
  return 'it is not a number';
}
