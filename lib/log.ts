import { PassThrough, type Writable } from 'node:stream';
import { setImmediate as nextTurn, setTimeout as delay } from 'node:timers/promises';
import winston from 'winston';
import type { LogLevel } from './config/config.ts';
import { guarded } from './emitter.ts';
import { printable, printableJson } from './redact/printable.ts';
import { createRedactor, type Redactor } from './redact/redactor.ts';

/** Logs to one stream. A sink that can't keep up loses lines, which are counted, and never holds a call up. */
export interface Logger {
  error(message: string, fields?: object): void;
  warn(message: string, fields?: object): void;
  info(message: string, fields?: object): void;
  debug(message: string, fields?: object): void;
}

/** The log of a process that is about to end. */
export interface Log extends Logger {
  /** The level from now on. */
  level: LogLevel;
  /** From now on no line holds these either, in place of those that this was told before: tokens, secrets that changed. */
  hide(secrets: readonly string[]): void;
  /** Resolves when every line so far has left, to false when the sink does not take them. */
  flushed(): Promise<boolean>;
}

export interface LogOptions {
  readonly level: LogLevel;
  readonly format: 'json' | 'pretty';
  /** Telephone numbers as `*****33`. */
  readonly maskNumbers: boolean;
  /** What no line may hold. */
  readonly secrets?: readonly string[];
  readonly stream: Writable;
  /** Levels are coloured in `pretty`: on a terminal. */
  readonly colour?: boolean;
}

/** What a transport of winston writes. */
const MESSAGE = Symbol.for('message');

/** Lines that may wait in memory; winston alone held 530,000 of them for a slow sink. */
const MAX_BUFFERED_BYTES = 8 * 1024 * 1024;

/** A sink that failed is tried again so often. */
const RETRY_MS = 1_000;

/** A sink that takes nothing any more does not hold the end of the process up. */
const FLUSH_MS = 200;

export function createLogger(options: LogOptions): Log {
  const { level, format, maskNumbers, secrets = [], stream, colour = false } = options;
  const lines = new Lines(stream);
  let dropped = 0;
  // Whoever read the log has gone (EPIPE), or the disk is full: calls are served anyway, and it may have room again.
  let failed = false;
  let retryAt = 0;
  guarded(stream, () => {
    failed = true;
    dropped += lines.lastWritten;
    retryAt = performance.now() + RETRY_MS;
  });
  let redactor = createRedactor({ secrets, maskNumbers });
  const logger = winston.createLogger({
    level,
    levels: winston.config.npm.levels,
    format: written(format === 'json' ? json : prettyIn(colour), () => redactor),
    transports: [linesTo(lines)],
  });
  const write = (lineLevel: LogLevel, message: string, fields?: object): void => {
    // A disabled level costs 2 us in winston itself.
    if (!logger.isLevelEnabled(lineLevel)) return;
    const taken = !stream.destroyed && performance.now() >= retryAt;
    if (!taken || lines.waiting > MAX_BUFFERED_BYTES) {
      dropped++;
      return;
    }
    // The line that failed may have been cut short.
    if (failed) lines.add('');
    failed = false;
    if (dropped > 0) {
      const fields = { dropped };
      dropped = 0;
      logger.log({ level: 'warn', message: 'log lines were dropped: the output was too slow', fields });
    }
    // As one argument: with three winston searches the message for placeholders and copies the fields, 30 us a line.
    logger.log({ level: lineLevel, message, fields });
  };
  return {
    get level() {
      return logger.level as LogLevel;
    },
    set level(now) {
      logger.level = now;
    },
    error: (message, fields) => {
      write('error', message, fields);
    },
    warn: (message, fields) => {
      write('warn', message, fields);
    },
    info: (message, fields) => {
      write('info', message, fields);
    },
    debug: (message, fields) => {
      write('debug', message, fields);
    },
    hide: (passing) => {
      redactor = createRedactor({ secrets: [...secrets, ...passing], maskNumbers });
    },
    flushed: async () => {
      // Winston has handed the last line on by then.
      await nextTurn();
      lines.flush();
      if (stream.writableLength > 0) {
        const drained = new Promise((resolve) => stream.write('', resolve));
        await Promise.race([drained, delay(FLUSH_MS, undefined, { ref: false })]);
      }
      return !failed && !stream.destroyed && stream.writableLength === 0;
    },
  };
}

/** Gathers the lines of one turn of the event loop: a write to a pipe or a file costs more than all that is in a line. */
class Lines {
  readonly #stream: Writable;
  #text = '';
  #count = 0;
  /** Lines of the last write. */
  lastWritten = 0;

  constructor(stream: Writable) {
    this.#stream = stream;
  }

  /** Characters here, bytes in the stream. */
  get waiting(): number {
    return this.#text.length + this.#stream.writableLength;
  }

  add(line: string): void {
    if (this.#text === '')
      setImmediate(() => {
        this.flush();
      });
    this.#text += `${line}\n`;
    this.#count++;
  }

  flush(): void {
    if (this.#text === '') return;
    this.lastWritten = this.#count;
    this.#stream.write(this.#text);
    this.#text = '';
    this.#count = 0;
  }
}

/** Winston's own makes an event and a turn of the event loop of each line. */
function linesTo(lines: Lines): InstanceType<typeof winston.transports.Stream> {
  const transport = new winston.transports.Stream({ stream: new PassThrough() });
  transport.log = (info: Record<symbol, unknown>, next: () => void) => {
    lines.add(String(info[MESSAGE]));
    next();
  };
  return transport;
}

type Line = (level: string, message: string, fields: Record<string, unknown>) => string;

/** A line is redacted and written out once, here: winston's own formatters take 50 us for it. */
function written(write: Line, current: () => Redactor): winston.Logform.Format {
  return winston.format((info) => {
    const redactor = current();
    const fields = (redactor.value(info['fields']) ?? {}) as Record<string, unknown>;
    info[MESSAGE] = write(info.level, redactor.text(String(info.message)), fields);
    return info;
  })();
}

/** ISO 8601 with milliseconds, in UTC; then what happened, and always `reason` and `trace`, so that they can be searched by. */
function json(level: string, message: string, fields: Record<string, unknown>): string {
  return printableJson({
    timestamp: new Date().toISOString(),
    level,
    message,
    reason: null,
    trace: null,
    ...fields,
  });
}

/** As terminals have them: red, yellow, plain, grey. */
const COLOURS: Readonly<Record<string, string>> = {
  error: '\u001b[31m',
  warn: '\u001b[33m',
  debug: '\u001b[90m',
};
const PLAIN_AGAIN = '\u001b[39m';

/** `2026-03-09 12:00:01.234 +02:00 info  decided to=201 caller=380441112233 ...` */
function prettyIn(colour: boolean): Line {
  return (level, message, fields) => {
    const pairs = Object.entries(fields)
      .filter(([, value]) => value !== null && value !== '' && !(Array.isArray(value) && value.length === 0))
      .map(([key, value]) => `${printable(key)}=${shown(value)}`);
    const begin = colour ? COLOURS[level] : undefined;
    const word = level.padEnd(5);
    const shownLevel = begin === undefined ? word : `${begin}${word}${PLAIN_AGAIN}`;
    return [localTime(new Date()), shownLevel, printable(message), ...pairs].join(' ');
  };
}

let second = { at: NaN, date: '', zone: '' };

/** Date, time and zone of this machine. */
function localTime(now: Date): string {
  const ms = now.getTime();
  const at = Math.floor(ms / 1000);
  // Many lines a second: the calendar is asked once.
  if (at !== second.at) {
    const day = [now.getFullYear(), now.getMonth() + 1, now.getDate()].map(twoDigits).join('-');
    const time = [now.getHours(), now.getMinutes(), now.getSeconds()].map(twoDigits).join(':');
    const minutes = -now.getTimezoneOffset();
    const offset = [Math.floor(Math.abs(minutes) / 60), Math.abs(minutes) % 60].map(twoDigits).join(':');
    second = { at, date: `${day} ${time}`, zone: `${minutes < 0 ? '-' : '+'}${offset}` };
  }
  return `${second.date}.${String(ms - at * 1000).padStart(3, '0')} ${second.zone}`;
}

function twoDigits(value: number): string {
  return String(value).padStart(2, '0');
}

/** A word as it is, all else as JSON. */
function shown(value: unknown): string {
  const isWord = typeof value === 'string' && /^[^\s"=\\]+$/.test(value) && printable(value) === value;
  return isWord ? value : printableJson(value);
}
