// The two tables that say how the house is built: what may import what, and what was decided.
import { readdirSync, readFileSync } from 'node:fs';

const BETWEEN = /(<!-- imports:begin -->)[\s\S]*(<!-- imports:end -->)/;

/** `docs/architecture.md` with the import table as it is enforced. */
export function withImportTable(page, allowed) {
  const rows = Object.entries(allowed).map(
    ([folder, imports]) =>
      `| \`${folder}\` | ${imports.map((each) => `\`${each}\``).join(', ') || 'nothing of ours'} |`,
  );
  const table = ['| Folder | May import, besides itself |', '| --- | --- |', ...rows].join('\n');
  return page.replace(BETWEEN, (_, begin, end) => `${begin}\n\n${table}\n\n${end}`);
}

/** The index of the decisions, from the headings of their pages. */
export function decisions(folder) {
  const files = readdirSync(folder)
    .filter((file) => /^\d{4}-.*\.md$/.test(file))
    .toSorted();
  const rows = files.map((file) => {
    const [, number, title] = /^# (\d{4}): (.*)$/m.exec(readFileSync(`${folder}/${file}`, 'utf8')) ?? [];
    if (!file.startsWith(`${number}-`))
      throw new Error(`docs/adr/${file} must begin with "# ${file.slice(0, 4)}: "`);
    return `| [${number}](${file}) | ${title} |`;
  });
  const twice = files.find((file, at) => files[at + 1]?.startsWith(file.slice(0, 5)));
  if (twice) throw new Error(`two decisions have the number ${twice.slice(0, 4)}`);
  return [
    '# Decisions',
    '',
    'One page each: background, decision, consequences. A decision that is changed gets a new page, and the old one says which.',
    'This list is written by `npm run docs`.',
    '',
    '| No. | Decision |',
    '| --- | --- |',
    ...rows,
  ].join('\n');
}
