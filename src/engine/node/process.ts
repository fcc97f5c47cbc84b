const { process } = globalThis;

export default process;
// What require('node:process') gives.
export { process as 'module.exports' };
