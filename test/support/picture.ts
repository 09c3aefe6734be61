import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';

/**
 * docs/demo.svg: what `esl-router demo` prints, as a terminal shows it. `npm run docs:picture` records it again, on any machine
 * that has this project; the picture shows some of the calls, whole, and the last line.
 */

const SHOWN = [1, 6, 9, 12];
const PICTURE = 'docs/demo.svg';
/** Characters a line; what is longer is wrapped, as a terminal does. */
const COLUMNS = 100;
const CHARACTER = 8.4;
const LINE = 19;
const MARGIN = 20;
const BAR = 34;

type Tone = 'command' | 'title' | 'label' | 'text' | 'end';

interface Line {
  readonly tone: Tone;
  readonly text: string;
}

function record(): string {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    ['--import', 'tsx', 'bin/esl-router.ts', 'demo'],
    { encoding: 'utf8', env: { ...process.env, NO_COLOR: '1', COLUMNS: String(COLUMNS) } },
  );
  if (status !== 0) throw new Error(`the demo failed:\n${stdout}${stderr}`);
  return stdout;
}

/** The calls of SHOWN, each with its first line and what is behind it, and the count at the end. */
function lines(recording: string): Line[] {
  const printed = recording.split('\n');
  const calls = SHOWN.flatMap((number): Line[] => {
    const first = printed.findIndex((line) => new RegExp(`^ ?${number}  \\S`).test(line));
    if (first < 0) throw new Error(`the demo shows no call ${number}`);
    const rest = printed.slice(first + 1);
    const end = rest.findIndex((line) => !line.startsWith('      '));
    return [
      { tone: 'title', text: printed[first] ?? '' },
      ...rest.slice(0, end).map((text) => ({ tone: 'text' as const, text })),
      { tone: 'text', text: '' },
    ];
  });
  const count = printed.find((line) => /^\d+ calls, \d+ lost$/.test(line));
  if (count === undefined) throw new Error('the demo does not say how many calls there were');
  const all: Line[] = [
    { tone: 'command', text: '$ esl-router demo' },
    { tone: 'text', text: '' },
    ...calls,
    { tone: 'label', text: '...' },
    { tone: 'end', text: count },
  ];
  return all.flatMap(wrap);
}

function wrap({ tone, text }: Line): Line[] {
  const parts = text.match(new RegExp(`.{1,${COLUMNS}}`, 'gu')) ?? [''];
  return parts.map((part) => ({ tone, text: part }));
}

function draw(content: readonly Line[]): string {
  const width = Math.ceil(COLUMNS * CHARACTER) + 2 * MARGIN;
  const height = BAR + MARGIN + content.length * LINE + MARGIN / 2;
  const rows = content.map(({ tone, text }, index) => {
    const y = BAR + MARGIN + index * LINE;
    const [, label, rest] = /^( {6}\S+ +)(.*)$/.exec(tone === 'text' ? text : '') ?? [];
    const parts =
      label === undefined
        ? span(tone, 0, text)
        : span('label', 0, label) + span('text', label.length, rest ?? '');
    return text === '' ? '' : `<g transform="translate(${MARGIN} ${y})">${parts}</g>`;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img">
<title>esl-router demo</title>
<style>
text { font: 14px ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace; white-space: pre; fill: #d8dee9 }
.command { fill: #ffffff; font-weight: bold }
.title { fill: #8fd3ff; font-weight: bold }
.label { fill: #8b95a7 }
.end { fill: #a3e07f; font-weight: bold }
</style>
<rect width="${width}" height="${height}" rx="8" fill="#161b22"/>
<circle cx="22" cy="18" r="6" fill="#ff5f57"/><circle cx="42" cy="18" r="6" fill="#febc2e"/><circle cx="62" cy="18" r="6" fill="#28c840"/>
${rows.filter((row) => row !== '').join('\n')}
</svg>
`;
}

/** Each text is as wide as its characters are in a terminal, whatever font the reader has. */
function span(tone: Tone, column: number, text: string): string {
  const shown = text.trimEnd();
  if (shown === '') return '';
  const start = shown.length - shown.trimStart().length;
  const word = shown.trimStart();
  const x = ((column + start) * CHARACTER).toFixed(1);
  const length = (word.length * CHARACTER).toFixed(1);
  const escaped = word.replace(/[&<>]/g, (sign) => `&#${sign.charCodeAt(0)};`);
  return `<text class="${tone}" x="${x}" textLength="${length}" xml:space="preserve">${escaped}</text>`;
}

writeFileSync(PICTURE, draw(lines(record())));
