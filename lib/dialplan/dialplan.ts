/**
 * FreeSWITCH dialplan XML -> extensions and their actions. Pure. A file may hold a whole context or, as in FusionPBX's
 * database, a single extension; what it includes is not read.
 */
import { XMLParser } from 'fast-xml-parser';
import { messageOf } from '../errors.ts';

export interface DialplanFile {
  readonly name: string;
  readonly text: string;
}

export interface Action {
  readonly application: string;
  /** As written, variables and all. */
  readonly data: string;
  readonly line: number;
}

interface Condition {
  readonly field: string;
  readonly expression: string;
  /** Whether the extension is left when it does not match. */
  readonly decides: boolean;
}

export interface Extension {
  readonly file: string;
  readonly name: string;
  /** Null where the file does not tell, as for a single extension: it may be any. */
  readonly context: string | null;
  readonly line: number;
  /** What comes after it is looked at too. */
  readonly continues: boolean;
  readonly conditions: readonly Condition[];
  readonly actions: readonly Action[];
}

/** Where FreeSWITCH would not read a file, or lose a part of it. */
interface Unreadable {
  readonly file: string;
  readonly line: number;
  readonly text: string;
}

export interface Dialplan {
  readonly extensions: readonly Extension[];
  /** Set by X-PRE-PROCESS. */
  readonly variables: ReadonlyMap<string, string>;
  readonly unreadable: readonly Unreadable[];
}

export function readDialplan(files: readonly DialplanFile[]): Dialplan {
  const variables = new Map<string, string>();
  const extensions: Extension[] = [];
  const unreadable: Unreadable[] = [];
  for (const { name, text } of files) {
    try {
      extensions.push(...new Reader(name, text, variables).extensions());
      unreadable.push(...lostLines(name, text));
    } catch (error) {
      // The parser says where after what: "Unclosed tag 'a'.:1:8".
      const [, what = '', line = '1'] = /^(.*?)(?::(\d+):[^:]*)?$/s.exec(messageOf(error)) ?? [];
      unreadable.push({ file: name, line: Number(line), text: `broken XML: ${what}` });
    }
  }
  return { extensions, variables, unreadable };
}

/** switch_xml.c drops a line that holds <include> or </include>, with all that is on it. */
function lostLines(file: string, text: string): Unreadable[] {
  const uncommented = text.replace(/<!--[^]*?-->/g, (comment) => comment.replace(/[^\n]/g, ''));
  return uncommented.split('\n').flatMap((line, index) => {
    const tag = /<\/?include>/.exec(line)?.[0];
    if (tag === undefined || line.trim() === tag) return [];
    return [
      {
        file,
        line: index + 1,
        text: `FreeSWITCH drops the whole line that holds ${tag}: put it on its own line`,
      },
    ];
  });
}

/** Replaces the variables that are known; the others stay as they are. */
export function resolve(text: string, variables: ReadonlyMap<string, string>): string {
  let before = text;
  // A value may hold variables in its turn, and two may name each other.
  for (let depth = 0; depth < 5; depth++) {
    const after = before.replace(
      /\$\$?\{([A-Za-z0-9_.-]+)\}/g,
      (whole, name: string) => variables.get(name) ?? whole,
    );
    if (after === before) break;
    before = after;
  }
  return before;
}

/**
 * Whether a call to this number runs the extension: `maybe` where something else than the number decides, `unknown` where
 * the number does by an expression that can't be judged here.
 */
export function takes(extension: Extension, number: string): 'yes' | 'maybe' | 'no' | 'unknown' {
  let result: 'yes' | 'maybe' | 'unknown' = 'yes';
  for (const { field, expression, decides } of extension.conditions) {
    if (field === '') continue;
    if (!/^(?:\$\{)?destination_number\}?$/.test(field)) {
      if (result === 'yes') result = 'maybe';
      continue;
    }
    const matches = matchOf(expression, number);
    if (matches === false && decides) return 'no';
    if (matches === null) result = 'unknown';
    else if (!matches && result === 'yes') result = 'maybe';
  }
  return result;
}

/** Null for an expression that can't be judged here. */
function matchOf(expression: string, number: string): boolean | null {
  const [, body = expression, flags = ''] = /^\/(.*)\/([a-z]*)$/s.exec(expression) ?? [];
  if (/\$\{/.test(body)) return null;
  try {
    return new RegExp(body, flags.includes('i') ? 'i' : '').test(number);
  } catch {
    return null;
  }
}

/** One element of what the parser makes with `preserveOrder`: its name is the key of its children. */
type Element = Readonly<Record<string, unknown>>;

const ATTRIBUTES = ':@';
const META = XMLParser.getMetaDataSymbol() as symbol;
const PARSER = new XMLParser({
  preserveOrder: true,
  captureMetaData: true,
  ignoreDeclaration: true,
  ignoreAttributes: false,
  attributeNamePrefix: '',
  parseAttributeValue: false,
  parseTagValue: false,
});

class Reader {
  readonly #file: string;
  readonly #text: string;
  readonly #variables: Map<string, string>;
  readonly #extensions: Extension[] = [];

  constructor(file: string, text: string, variables: Map<string, string>) {
    this.#file = file;
    // FusionPBX keeps extensions without anything around them; in front of the first line, so that lines keep their numbers.
    this.#text = /^\s*<extension[\s>]/.test(text) ? `<context>${text}</context>` : text;
    this.#variables = variables;
  }

  /** Throws when the text is not XML. */
  extensions(): readonly Extension[] {
    // The version is pinned; without its check the parser mends broken XML by guessing.
    // oxlint-disable-next-line typescript/no-deprecated
    this.#read(PARSER.parse(this.#text, true) as readonly Element[], null);
    return this.#extensions;
  }

  #read(elements: readonly Element[], context: string | null): void {
    for (const element of elements) {
      const { name, attributes, children } = partsOf(element);
      if (/^x-pre-process$/i.test(name)) this.#assign(attributes);
      else if (name === 'extension') this.#extension(element, context);
      else this.#read(children, name === 'context' ? (attributes['name'] ?? null) : context);
    }
  }

  #assign({ cmd = '', data = '' }: Attributes): void {
    const [, name = '', value = ''] = /^\s*([^=]+?)\s*=(.*)$/s.exec(data) ?? [];
    if (cmd.toLowerCase() === 'set' && name !== '') this.#variables.set(name, value.trim());
  }

  #extension(element: Element, context: string | null): void {
    const { attributes, children } = partsOf(element);
    const conditions: Condition[] = [];
    const actions: Action[] = [];
    this.#conditions(children, conditions, actions);
    this.#extensions.push({
      file: this.#file,
      name: attributes['name'] ?? '',
      context,
      line: this.#lineOf(element),
      continues: attributes['continue'] === 'true',
      conditions,
      actions,
    });
  }

  #conditions(elements: readonly Element[], conditions: Condition[], actions: Action[]): void {
    for (const element of elements) {
      const { name, attributes, children } = partsOf(element);
      if (name === 'action') {
        const { application = '', data = '' } = attributes;
        actions.push({ application: application.trim(), data: data.trim(), line: this.#lineOf(element) });
      } else if (name === 'condition') {
        const { field = '', expression = '', regex, ...others } = attributes;
        // Time of day and the like decide as well as a field does.
        const other =
          regex !== undefined ||
          Object.keys(others).some((key) => !/^(break|name|require-nested)$/.test(key));
        const decides = !['never', 'on-true'].includes(attributes['break'] ?? 'on-false');
        conditions.push({
          field: field === '' && other ? 'other' : field.trim(),
          expression: resolve(expression, this.#variables),
          decides,
        });
        this.#conditions(children, conditions, actions);
      }
    }
  }

  #lineOf(element: Element): number {
    const { startIndex = 0 } = ((element as Record<symbol, unknown>)[META] ?? {}) as { startIndex?: number };
    return this.#text.slice(0, startIndex).split('\n').length;
  }
}

type Attributes = Readonly<Record<string, string | undefined>>;

function partsOf(element: Element): {
  name: string;
  attributes: Attributes;
  children: readonly Element[];
} {
  const name = Object.keys(element).find((key) => key !== ATTRIBUTES) ?? '';
  const children = element[name];
  return {
    name,
    attributes: (element[ATTRIBUTES] ?? {}) as Attributes,
    children: Array.isArray(children) ? (children as readonly Element[]) : [],
  };
}
