import { stripAnsi } from '../strip-ansi.js';

export { stripAnsi as stripVTControlCharacters };
