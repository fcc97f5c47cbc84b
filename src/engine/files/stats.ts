/** The result of stat(2). */
export type Stats = Pick<StatsOfNumbers, keyof StatsOfNumbers>;

/** The same, from the numbers of the native functions. */
export class StatsOfNumbers {
  readonly #numbers: readonly number[];

  constructor(numbers: readonly number[]) {
    this.#numbers = numbers;
  }

  get dev(): number {
    return this.#at(0);
  }
  get ino(): number {
    return this.#at(1);
  }
  get mode(): number {
    return this.#at(2);
  }
  get nlink(): number {
    return this.#at(3);
  }
  get uid(): number {
    return this.#at(4);
  }
  get gid(): number {
    return this.#at(5);
  }
  get size(): number {
    return this.#at(7);
  }
  get mtimeMs(): number {
    return this.#at(9);
  }
  get ctimeMs(): number {
    return this.#at(10);
  }
  get mtime(): Date {
    return new Date(this.mtimeMs);
  }

  isFile(): boolean {
    return this.#isOf(0o100000);
  }
  isDirectory(): boolean {
    return this.#isOf(0o040000);
  }
  isSymbolicLink(): boolean {
    return this.#isOf(0o120000);
  }
  isSocket(): boolean {
    return this.#isOf(0o140000);
  }
  isFIFO(): boolean {
    return this.#isOf(0o010000);
  }

  #at(index: number): number {
    return this.#numbers[index] ?? 0;
  }

  #isOf(type: number): boolean {
    return (this.mode & 0o170000) === type;
  }
}
