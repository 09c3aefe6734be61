/**
 * Texts that look like a number or a login and are none: what spreadsheets, databases and programs write into the field
 * where a destination should stand. Each is refused by what it is, so that nobody has to guess why nobody rang.
 */

const MONTHS = 'jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec';
const DAY = '(?:0?[1-9]|[12]\\d|3[01])';
const MONTH = '(?:0?[1-9]|1[0-2])';
const YEAR = '(?:19|20)\\d\\d';
const BY = ' ?[-./] ?';
/** A time of day may follow. */
const TIME = '(?:[T ,]+\\d{1,2}[:.h]\\d\\d.*)?';
const DATES = [
  `${YEAR}[-./ ]${MONTH}[-./ ]${DAY}${TIME}`,
  `${DAY}(?: |${BY})${MONTH}(?: |${BY})${YEAR}${TIME}`,
  `${MONTH}(?: |${BY})${DAY}(?: |${BY})${YEAR}${TIME}`,
  `${DAY}[-./]${MONTH}[-./]\\d\\d${TIME}`,
  `${MONTH}[-./]${DAY}[-./]\\d\\d${TIME}`,
  // From one day to another.
  `${DAY}\\.(?:${MONTH}\\.?)? ?- ?${DAY}\\.${MONTH}\\.(?:\\d\\d|${YEAR})?`,
  `${DAY}[-. ]*(?:${MONTHS})[a-z]*[-. ,]*(?:\\d\\d|${YEAR})${TIME}`,
  `(?:${MONTHS})[a-z]*[-. ]*${DAY}[-. ,]*${YEAR}${TIME}`,
  `${YEAR}\\d{4}T\\d{4,6}(?:\\.\\d+)?Z?`,
].map((date) => new RegExp(`^${date}$`, 'i'));
const IP = /^(?:25[0-5]|2[0-4]\d|1?\d?\d)(?:\.(?:25[0-5]|2[0-4]\d|1?\d?\d)){3}$/;
/** An integer that was written as `301.0` is one anyway. */
const FLOAT = /^\d+\.00?$/;
const DECIMAL = /^-?(?:0|[1-9]\d*)?(?:\.(?!00?$)|(?<!\d{7}),)\d+$/;
/** `4922.-`, as prices are written in the Alps. */
const PRICE = /^\d+[.,]-+$/;
const COORDINATES = /^-?\d{1,3}\.\d+[ ,;/]+-?\d{1,3}\.\d+$/;
/** `23.5.7`, `152.71.26`: a telephone number that is written with dots has longer groups, more digits, or a 0 in front. */
const VERSION =
  /^(?:\d+(?:\.\d+)*\.\d(?:\.\d+)*|(?:0|[1-9]\d{0,2})(?:\.\d{1,3}){2}|(?!(?:\d\.?){8})(?:0|[1-9]\d{0,2})(?:\.\d{1,3}){3})$/;
const EXPONENT = /^[+-]?\d+(?:[.,]\d+)?e[+-]?\d+$/i;
/** `1-800-FLOWERS` */
const LETTERED = /^\+?(?:1-?)?\d{3}-?(?=[A-Z\d-]*[A-Z]{3})[A-Z\d]{3}-?[A-Z\d]{4}$/;

/** What programs write when they have nothing to say, or only how it went. Compared without separators. */
const WORDS = new Set(
  (
    'null nil none nan undefined void empty blank nothing nobody noone unknown unavailable unassigned unset ' +
    'na notavailable notapplicable notfound notset notassigned notexist notexists doesnotexist missing absent ' +
    'true false yes no ok okay success successful succeeded accepted received done error errors fail failed failure ' +
    'exception pending queued processing invalid rejected denied forbidden unauthorized notallowed timeout timedout anonymous withheld private ' +
    'restricted nodata nouser noowner noanswer noresult noresults nomatch notregistered inactive disabled deleted ' +
    'object objectobject array string nodestination noroute'
  ).split(' '),
);

/** What a plain text is instead of a number or login, to go on after it: `is a date`. Null when it may be one. */
export function lookalikeOf(text: string): string | null {
  if (/^-\s?\d/.test(text)) return 'is a negative number';
  if (DATES.some((date) => date.test(text))) return 'is a date';
  if (IP.test(text)) return 'is an IP address';
  if (EXPONENT.test(text)) {
    return 'is in exponential notation: a spreadsheet did that, format the column as text';
  }
  if (DECIMAL.test(text)) return 'is a decimal, not a number to dial';
  if (PRICE.test(text)) return 'is a price';
  if (COORDINATES.test(text)) return 'is a pair of coordinates';
  if (VERSION.test(text) && !FLOAT.test(text)) return 'is a version, not a number to dial';
  if (LETTERED.test(text)) return 'is a number spelled in letters: send its digits';
  if (WORDS.has(text.toLowerCase().replace(/[\s_./-]/g, '')))
    return 'is a word that means nobody, not a login';
  return null;
}

/** What a leg stands behind: nothing or a quote, another leg, variables, or the command that takes it. */
const LEG = '(?:^["\'`]?|[,|\\]}]|:_:|\\boriginate\\s|\\bbridge[:(])\\s*';
const ENDPOINT =
  '(?:sofia/[^\\s,|/]+|user|loopback|group|verto|verto\\.rtc|rtc|rtmp|freetdm|gsmopen|skinny|portaudio|h323)/';
/** Applications and API commands that are words of no language. */
const NAME =
  '(?:bgapi|bg_?system|uuid_[a-z]\\w*|sched_[a-z]+|fsctl|hupall|luarun|execute_extension|global_setvar|valet_park)';
/** Those that are words as well. */
const WORD = '(?:system|originate|transfer|conference|lua|sofia|eval|expand|(?:re|un)?load)';

/**
 * What FreeSWITCH would act on if it ever got there; it ignores case. To blame a colleague's name or a template of the CRM is worse
 * than to miss one, as all of it is refused alike.
 */
const COMMANDS = [
  // In small letters, or with what no name has: `User/Support` is a department, `Sofia/Kyiv` two offices.
  [`${LEG}${ENDPOINT}[a-z*$]`, ''],
  [`${LEG}(?:${ENDPOINT}|pickup/)[^\\s,|]*[\\d@=_$*]`],
  [`${LEG}error/(?:user_busy|no_answer|call_rejected|(?:normal|destination)_\\w+)`],
  // A leg follows its variables. What Java prints of an object has none, and BBCode is closed.
  [`${LEG}%?[{[<](?:\\^\\^.)?[\\w:.-]+=[^\\]}>]*[\\]}>]+[\\w+*$](?!.*\\[/)`],
  // Where `originate` leaves the leg.
  ['^["\'`]?&(?:\\w+\\(|(?:park|echo|answer|hold|hangup)$)|\\s&[a-z_]+\\('],
  // Expansions. With nothing in its brackets, or `encodeURIComponent` before them, it is a template's.
  ['\\$\\{ *[a-z\\d_]+\\([^)]', ''],
  [`\\$\\{ *(?:${NAME}|${WORD})[( ]`],
  // Lines of the console and of the event socket.
  [`^${NAME}\\s+\\S|^system\\s+(?:/\\w|[a-z]\\S*\\s(?:.*\\s)?[-/]\\w)`],
  [
    `(?:^|[\\r\\n])\\s*(?:(?:bg)?api\\s+(?:${NAME}|${WORD})\\s|sendmsg\\b|sendevent\\s|(?:call-command|execute-app-name):)`,
  ],
  // The inline dialplan.
  [
    `(?:^["'\`]?|[,^])\\s*(?:(?:${NAME}|playback):\\S|system:[a-z/]|transfer:[*\\d]|(?:set|export):[\\w:]+=\\w)|['"]\\s+inline$`,
  ],
  // Variables that act, divisions of legs, a line of the dialplan.
  [
    '\\b(?:(?:api|execute)_on_\\w+|api_hangup_hook|origination_c\\w+|fs_path)=|:_:|^ARRAY::|<action\\s+application=',
  ],
].map(([pattern = '', flags = 'i']) => new RegExp(pattern, flags));
/** Enough to know one by: tried at each of 64 KiB of line breaks, the patterns would keep the router busy for seconds. */
const MAX_COMMAND = 1024;

/**
 * Whether somebody has written a command of FreeSWITCH where a destination should stand: by mistake, or to see what gets through.
 * In wide letters too, and with `%0a` for what it stands for.
 */
export function isCommand(text: string): boolean {
  const plain = text.slice(0, MAX_COMMAND).normalize('NFKC').trim();
  const decoded = plain.replace(/%([0-7][\da-f])/gi, (_, hex: string) =>
    String.fromCharCode(parseInt(hex, 16)),
  );
  return COMMANDS.some((command) => command.test(plain) || command.test(decoded));
}

/** What any other text is, to go on after it. */
export function describeText(text: string): string {
  if (/^\*\d|^#|^\*?\d+[*#]/.test(text)) return 'is a feature code: name it in targets to have it dialled';
  if (/^#[A-Z/!?0]+/i.test(text)) return "is a spreadsheet's error";
  if (/^(["'`]).*\1$/s.test(text)) return 'is in quotes: send it without them';
  if (/(?![0-9])\p{Nd}/u.test(text)) return 'has digits of another script';
  if (/^[[{]/.test(text)) return 'is JSON inside a string';
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(text)) return 'is a web address';
  if (/\p{L}+\s+\p{L}+/u.test(text)) return 'is a sentence, not a destination';
  return 'is neither a number nor a login';
}
