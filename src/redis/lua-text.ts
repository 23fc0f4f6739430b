const INCLUDE = /^--@include (\S+)$/m;
/** A declaration at the beginning of a line; what is within something else is indented. */
const DECLARED = /^local (?:function (\w+)|(\w+(?:, \w+)*))(?= *=|\(|$)/gm;

interface Declared {
  readonly functions: readonly string[];
  /** The names of each declaration, as written. */
  readonly variables: readonly string[];
}

/**
 * Puts a script together out of its text and what it includes: `--@include name` stands for the file of that name, whose
 * locals are known from there on.
 *
 * Each file becomes a function of its own that returns what the others use. Lua makes the functions of a script anew
 * whenever it runs, and looks for each variable they capture in the list of all that are captured at that time
 * (`luaF_findupval`), which a text in one piece makes as long as the whole script: an empty turn of a worker took Redis 80 µs,
 * and takes 55 so. Besides, the 200 locals that a function may have are those of one file.
 *
 * An include cannot end its script: a `return` would end itself.
 */
export function assemble(script: string, read: (name: string) => string): string {
  const [begin = '', ...rest] = script.split(new RegExp(INCLUDE, 'gm'));
  const parts = [begin];
  for (let at = 0; at < rest.length; at += 2) {
    const [name = '', text = ''] = rest.slice(at, at + 2);
    parts.push(asFunction(read(name), [...namesLater(rest, at, read)].join('\n')), text);
  }
  return parts.join('');
}

/** The texts that come after an include. */
function namesLater(rest: readonly string[], at: number, read: (name: string) => string): string[] {
  return rest.slice(at + 1).map((text, n) => (n % 2 === 0 ? text : read(text)));
}

function asFunction(text: string, later: string): string {
  const { functions, variables } = declaredIn(text);
  const returned = functions.filter((name) => isNamedIn(later, name));
  // Somebody may assign to a variable later on: all have to mean the same one.
  const shared = variables.filter((names) => names.split(', ').some((name) => isNamedIn(later, name)));
  const own = shared.reduce(withoutDeclaration, text);
  return [...shared.map((names) => `local ${names}`), ...calling(own, returned), ''].join('\n');
}

function calling(text: string, returned: readonly string[]): string[] {
  const names = returned.join(', ');
  // A line that begins with a bracket would be read as arguments of what stands before it.
  if (names === '') return ['do local _ = (function()', text, 'end)() end'];
  return [`local ${names} = (function()`, text, `return ${names}`, 'end)()'];
}

function declaredIn(text: string): Declared {
  const all = [...text.matchAll(DECLARED)];
  return {
    functions: all.flatMap(([, name]) => name ?? []),
    variables: all.flatMap(([, , names]) => names ?? []),
  };
}

function isNamedIn(text: string, name: string): boolean {
  return new RegExp(`\\b${name}\\b`).test(text);
}

/** What is declared outside is only given its value here, if it has one. */
function withoutDeclaration(text: string, names: string): string {
  return text.replace(new RegExp(`^local ${names}( *=|$)`, 'm'), (_, assigned: string) =>
    assigned === '' ? '' : `${names}${assigned}`,
  );
}
