/** Only the library makes a Duplex, and that runs on Node. */
export { DescriptorStream as Duplex } from '../streams/descriptor-stream.js';
