import { environment } from 'engine:system';

/** No image can be made of it: it asks its process as soon as it is evaluated. */
export const variables = environment();
