import { expect, it } from 'vitest';
import { plainMessage } from '../../src/process/run-program.js';

const clixml = (...parts: readonly string[]) =>
  `#< CLIXML\r\n<Objs Version="1.1.0.1" xmlns="http://schemas.microsoft.com/powershell/2004/04">${parts.join('')}</Objs>`;

it.each([
  ['plain text', 'no such machine', 'no such machine'],
  [
    'the errors of CLIXML',
    clixml(
      '<Obj S="progress" RefId="0"><MS><I64 N="SourceId">1</I64></MS></Obj>',
      '<S S="Error">Get-VM : &quot;M\u00fcller&quot; &lt;1&gt;_x000D__x000A_</S><S S="Error">At line:1_x000D__x000A_</S>',
    ),
    'Get-VM : "M\u00fcller" <1>\r\nAt line:1\r\n',
  ],
  ['nothing of CLIXML without errors', clixml('<S S="verbose">x</S>'), ''],
  ['what is escaped once, once', clixml('<S S="Error">_x005F_x0041_ &amp;lt;</S>'), '_x0041_ &lt;'],
  [
    'text of another encoding without its letters',
    Buffer.from('Zugriff verweigert f\x81r M\x81ller', 'latin1').toString(),
    'Zugriff verweigert f?r M?ller',
  ],
])('a message is $0', (_name, text, want) => expect(plainMessage(text)).toBe(want));
