import text from './sh/generator.sh';

/** A generator for systemd 240 to 255 with the inputs and results of systemd-ssh-generator(8) of 256 and later. */
export const generator = text;

/** Where `guest install --generator` puts it: systemd reads this folder, and packages do not use it. */
export const generatorPath = '/etc/systemd/system-generators/vmssh-ssh-generator';
