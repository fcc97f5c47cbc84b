/** Where `guest install --generator` puts it: systemd looks here, and no package does. */
export const generatorPath = '/etc/systemd/system-generators/vmssh-ssh-generator';
