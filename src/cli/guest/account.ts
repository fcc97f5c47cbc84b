import { quote } from '../../errors.js';
import { UsageError } from '../command.js';

/** An account's name by the rules of useradd(8). Throws a UsageError. */
export function accountName(text: string): string {
  if (/^[A-Za-z_][\w.-]{0,31}\$?$/.test(text)) return text;
  throw new UsageError(`${quote(text)} cannot be the name of an account`);
}
