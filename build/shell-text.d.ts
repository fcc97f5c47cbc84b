/** A plugin of rolldown and Vite: `import text from './x.sh'` is the text of a shell script, with the parts that it names. */
export function shellText(): {
  name: string;
  load(id: string): { code: string; moduleType: 'js' } | undefined;
};
