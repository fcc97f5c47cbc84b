/** Of the message of the error that a boot ended with. */
export function isFaultOfQemu(message: string): boolean;
