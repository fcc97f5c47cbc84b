import { lstat } from 'engine:paths';
import { StatsOfNumbers } from './stats.js';

/** An entry of a folder and its type. */
export type Dirent = Pick<TypedEntry, keyof TypedEntry>;

/** Types of readdir(3). */
const types = { unknown: 0, fifo: 1, folder: 4, file: 8, link: 10, socket: 12 } as const;

export class TypedEntry {
  readonly name: string;
  readonly #type: number;

  /** Some file systems leave it to lstat(2) what an entry is. */
  constructor(folder: string, name: string, type: number) {
    this.name = name;
    this.#type = type === types.unknown ? lookUp(`${folder}/${name}`) : type;
  }

  isFile(): boolean {
    return this.#type === types.file;
  }
  isDirectory(): boolean {
    return this.#type === types.folder;
  }
  isSymbolicLink(): boolean {
    return this.#type === types.link;
  }
  isSocket(): boolean {
    return this.#type === types.socket;
  }
  isFIFO(): boolean {
    return this.#type === types.fifo;
  }
}

function lookUp(path: string): number {
  const found = new StatsOfNumbers(lstat(path));
  if (found.isFile()) return types.file;
  if (found.isDirectory()) return types.folder;
  if (found.isSymbolicLink()) return types.link;
  if (found.isSocket()) return types.socket;
  return found.isFIFO() ? types.fifo : types.unknown;
}
