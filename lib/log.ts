import type { Writable } from 'node:stream';
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
  /** From now on no line holds these either: secrets that changed. */
  hide(secrets: readonly string[]): void;
  /** Nor these, in place of those that this was told before: tokens that are replaced every hour. */
  readonly hideNow: (secrets: readonly string[]) => void;
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
}

/** Lines that may wait in memory; winston alone held 530,000 of them for a slow sink. */
const MAX_BUFFERED_BYTES = 8 * 1024 * 1024;

/** A sink that failed is tried again so often. */
const RETRY_MS = 1_000;

/** A sink that takes nothing any more does not hold the end of the process up. */
const FLUSH_MS = 200;

export function createLogger({ level, format, maskNumbers, secrets = [], stream }: LogOptions): Log {
  let dropped = 0;
  // Whoever read the log has gone (EPIPE), or the disk is full: calls are served all the same, and it may have room again.
  let failed = false;
  let retryAt = 0;
  guarded(stream, () => {
    failed = true;
    retryAt = performance.now() + RETRY_MS;
    dropped++;
  });
  const hidden = new Set(secrets);
  let passing: readonly string[] = [];
  let redactor = createRedactor({ secrets, maskNumbers });
  const renew = (): void => {
    redactor = createRedactor({ secrets: [...hidden, ...passing], maskNumbers });
  };
  const logger = winston.createLogger({
    level,
    levels: winston.config.npm.levels,
    format: written(format === 'json' ? json : pretty, () => redactor),
    // Its type says interface where winston has a class.
    // eslint-disable-next-line @typescript-eslint/no-unsafe-class-instance-assignment
    transports: [new winston.transports.Stream({ stream })],
  });
  const write = (lineLevel: LogLevel, message: string, fields?: object): void => {
    // A disabled level costs 2 us in winston itself.
    if (!logger.isLevelEnabled(lineLevel)) return;
    const taken = !stream.destroyed && performance.now() >= retryAt;
    if (!taken || stream.writableLength > MAX_BUFFERED_BYTES) {
      dropped++;
      return;
    }
    // The line that failed may have been cut short.
    if (failed) stream.write('\n');
    failed = false;
    if (dropped > 0) {
      const fields = { dropped };
      dropped = 0;
      logger.log({ level: 'warn', message: 'log lines were dropped: the sink took no more', fields });
    }
    // As one argument: with three winston searches the message for placeholders and copies the fields, 30 us a line.
    logger.log({ level: lineLevel, message, fields });
  };
  return {
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
    hide: (more) => {
      // Those of before stay: calls in progress send them, and a CRM may repeat them.
      const size = hidden.size;
      for (const one of more) hidden.add(one);
      if (hidden.size > size) renew();
    },
    hideNow: (now) => {
      passing = now;
      renew();
    },
    flushed: async () => {
      // Winston hands the last line on by then.
      await nextTurn();
      if (stream.writableLength > 0) {
        const drained = new Promise((resolve) => stream.write('', resolve));
        await Promise.race([drained, delay(FLUSH_MS, undefined, { ref: false })]);
      }
      return !failed && !stream.destroyed && stream.writableLength === 0;
    },
  };
}

/** What a transport of winston writes. */
const MESSAGE = Symbol.for('message');

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

/** ISO 8601 with milliseconds, in UTC; then what happened, then all else. */
function json(level: string, message: string, fields: Record<string, unknown>): string {
  return printableJson({ timestamp: new Date().toISOString(), level, message, ...fields });
}

/** `12:00:01.234 info  call caller=380441112233 did=15005550100 ...` */
function pretty(level: string, message: string, fields: Record<string, unknown>): string {
  const pairs = Object.entries(fields)
    .filter(([, value]) => value !== null && value !== '' && !(Array.isArray(value) && value.length === 0))
    .map(([key, value]) => `${printable(key)}=${shown(value)}`);
  return [new Date().toISOString().slice(11, 23), level.padEnd(5), printable(message), ...pairs].join(' ');
}

/** A word as it is, all else as JSON. */
function shown(value: unknown): string {
  const isWord = typeof value === 'string' && /^[^\s"=\\]+$/.test(value) && printable(value) === value;
  return isWord ? value : printableJson(value);
}
