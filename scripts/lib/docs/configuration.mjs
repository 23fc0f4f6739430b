// The settings in words: the reference page, the README's table, and .env.example.
const BEGIN = '<!-- configuration:begin -->';
const END = '<!-- configuration:end -->';

const INTRODUCTION = `<!-- Written by \`npm run docs\` from src/config; do not edit. -->

# Configuration

All settings are environment variables. They are read once, when the process starts; a wrong one refuses the start with a
message that names every fault. An empty variable counts as not set. Lists are separated by commas. Secrets never appear
in messages and logs.

\`npm start\` sets \`BIND_ADDRESS\`, \`ALLOWED_HOSTS\`, \`ALLOW_LOOPBACK_URLS\` and \`ALLOW_PRIVATE_URLS\` itself and reads two
variables more: \`DATA_DIR\`, the folder of its own Redis (default \`data\`), and \`REDIS_EMBEDDED\`, with which \`never\` keeps
it from bringing one.
`;

/**
 * @param {import('./settings.mjs').DocumentedSetting[]} groups
 * @returns {string} the page docs/configuration.md
 */
export function reference(groups) {
  const sections = groups.map(({ title, settings }) => {
    const rows = settings.map((setting) => [...columns(setting), setting.allowed, description(setting)]);
    return `## ${title}\n\n${table(['Variable', 'Default', 'Allowed', 'What it does'], rows)}`;
  });
  return [INTRODUCTION, ...sections].join('\n');
}

/**
 * @param {string} readme
 * @returns {string} the README with the table of all settings between its markers
 * @throws {Error} when the README has lost its markers
 */
export function withTable(readme, groups) {
  const [begin, end] = [readme.indexOf(BEGIN), readme.indexOf(END)];
  if (begin < 0 || end < begin) throw new Error(`README.md needs the lines ${BEGIN} and ${END}`);
  const settings = groups.flatMap((group) => group.settings);
  const rows = settings.map((setting) => [...columns(setting), description(setting)]);
  const rendered = table(['Variable', 'Default', 'What it does'], rows);
  return `${readme.slice(0, begin)}${BEGIN}\n\n${rendered}\n${readme.slice(end)}`;
}

/**
 * @returns {string} every setting, commented out, with its default
 */
export function environmentExample(groups) {
  const head =
    '# Every setting with its default; docs/configuration.md says more. Copy this file to .env, which Docker Compose\n' +
    '# reads, and so does: node --env-file=.env dist/main.js\n';
  const sections = groups.map(({ title, settings }) => {
    const lines = settings.map((s) => `# ${description(s).replaceAll('`', '')}\n#${s.name}=${s.fallback}\n`);
    return `\n# --- ${title} ---\n\n${lines.join('\n')}`;
  });
  return head + sections.join('');
}

function columns({ name, fallback }) {
  return [`\`${name}\``, fallback === '' ? '' : `\`${fallback}\``];
}

function description({ about, aliases, secret }) {
  const notes =
    aliases.length > 0 ? [`Also read as ${aliases.map((alias) => `\`${alias}\``).join(', ')}.`] : [];
  return [about, ...notes, ...(secret ? ['Secret.'] : [])].join(' ');
}

function table(head, rows) {
  const line = (cells) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n') + '\n';
}
