/** What a program of Windows printed: UTF-16LE, as wsl.exe prints, or UTF-8, which has no NUL bytes. */
export function windowsText(bytes: Buffer): string {
  const wide = bytes.includes(0) || (bytes[0] === 0xff && bytes[1] === 0xfe);
  return bytes.toString(wide ? 'utf16le' : 'utf8').replace(/^\ufeff/, '');
}

/** An error message as text: of PowerShell's CLIXML the errors, and "?" for bytes of another encoding, such as the console's code page. */
export function plainMessage(text: string): string {
  const plain = text.replaceAll(/\ufffd+/g, '?');
  if (!/^\s*#< CLIXML/.test(plain)) return plain;
  return [...plain.matchAll(/<S S="Error">([^<]*)<\/S>/g)]
    .map(([, said = '']) => said)
    .join('')
    .replaceAll(/_x([0-9a-f]{4})_|&(lt|gt|amp|quot|apos);/gi, (whole, code?: string, name = '') =>
      code === undefined ? (entities[name] ?? whole) : String.fromCharCode(Number.parseInt(code, 16)),
    );
}

const entities: Readonly<Record<string, string>> = { lt: '<', gt: '>', amp: '&', quot: '"', apos: "'" };
