import text from './sh/generator.sh';

/** A generator for systemd 240 to 255 with the inputs and the results of systemd-ssh-generator(8) of 256 and later. */
export const generator = text;

/** Where `guest install --generator` puts it: systemd looks here, and no package does. */
export const generatorPath = '/etc/systemd/system-generators/vmssh-ssh-generator';
