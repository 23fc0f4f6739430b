const INCLUDE = /^--@include (\S+)$/gm;
/** A declaration at the beginning of a line; what is within something else is indented. */
const DECLARED = /^local (?:function (\w+)|(\w+(?:, \w+)*))(?= *=|\(|$)/gm;

/** Lua lets a function use 60 variables from outside. */
const MOST_FROM_OUTSIDE = 60;

interface Declared {
  readonly functions: readonly string[];
  /** The names of each declaration, as written. */
  readonly variables: readonly string[];
}

/**
 * Puts a script together out of its text and what it includes: `--@include name` stands for the file of that name, whose
 * locals are known from there on.
 *
 * Each file becomes a function of its own that returns what the others use, and what follows it becomes one, too, as long
 * as that uses no more from outside than a function may. Lua makes the functions of a script anew whenever it runs, and looks for each
 * variable of the same function that they capture among all that are captured and still alive (`luaF_findupval`); what that function has
 * from outside is copied. In one piece, a turn of a worker took Redis 57 µs before it began with anything: docs/adr/0053-scripts-of-functions.md.
 * Besides, the 200 locals that a function may have are those of one file.
 *
 * An include cannot end its script: a `return` would end itself.
 */
export function assemble(script: string, read: (name: string) => string): string {
  const [begin = '', ...rest] = script.split(INCLUDE);
  const parts = [begin, ...rest.map((text, at) => (at % 2 === 0 ? read(text) : text))];
  const lastUse = lastUses(parts);
  let known = namesIn(begin);
  let text = begin;
  let depth = 0;
  for (let at = 1; at < parts.length; at += 2) {
    const [file = '', own = ''] = parts.slice(at, at + 2);
    const isNamedLater = (name: string): boolean => (lastUse.get(name) ?? 0) > at;
    text += asFunction(file, isNamedLater);
    known = [...known, ...namesIn(file)].filter(isNamedLater);
    if (known.length <= MOST_FROM_OUTSIDE) {
      text += 'return (function()\n';
      depth++;
    }
    text += own;
    known.push(...namesIn(own));
  }
  return text + '\nend)()'.repeat(depth);
}

/** By all that could be a name, besides what stands in whole lines of comment: the last part that has it. */
function lastUses(parts: readonly string[]): Map<string, number> {
  const uses = new Map<string, number>();
  for (const [at, part] of parts.entries()) {
    for (const word of part.replace(/^ *--.*$/gm, '').match(/\w+/g) ?? []) uses.set(word, at);
  }
  return uses;
}

function namesIn(text: string): string[] {
  const { functions, variables } = declaredIn(text);
  return [...functions, ...variables.flatMap((names) => names.split(', '))];
}

function asFunction(text: string, isNamedLater: (name: string) => boolean): string {
  const { functions, variables } = declaredIn(text);
  const returned = functions.filter(isNamedLater);
  // Somebody may assign to a variable later on: all have to mean the same one.
  const shared = variables.filter((names) => names.split(', ').some(isNamedLater));
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

/** What is declared outside is only given its value here, if it has one. */
function withoutDeclaration(text: string, names: string): string {
  return text.replace(new RegExp(`^local ${names}( *=|$)`, 'm'), (_, assigned: string) =>
    assigned === '' ? '' : `${names}${assigned}`,
  );
}
