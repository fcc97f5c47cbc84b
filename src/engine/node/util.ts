const introducer = '[\\u001B\\u009B]';
const systemCommand = '\\][^\\u0007\\u001B]*(?:\\u0007|\\u001B\\\\)';
const controlSequence = '\\[?[0-?]*[ -/]*[@-~]';

/** A text without terminal control sequences (ECMA-48): OSC … BEL or ST, CSI …, and two-character ones. */
function stripAnsi(text: string): string {
  return text.replaceAll(new RegExp(`${introducer}(?:${systemCommand}|${controlSequence})`, 'g'), '');
}

export { stripAnsi as stripVTControlCharacters };
