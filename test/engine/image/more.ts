/** What the long image of main.ts has evaluated, too. */
export class Disk {
  static made = 0;
  readonly parts = new Map<string, number>([['root', 4]]);
  readonly name: string;
  constructor(name: string) {
    this.name = name;
    Disk.made += 1;
  }
}

export const disks = ['sda', 'sdb'].map((name) => new Disk(name));
