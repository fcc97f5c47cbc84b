/** A script of sh/, with the parts that it names; build/bundle/shell-text.js makes it. */
declare module '*.sh' {
  const text: string;
  export default text;
}
