/** What is in a CRM's field and is not a number: dates, addresses, decimals, prices, sentences. */
import type { Random } from '../../lib/simulator/random.ts';
import { pick } from './spelling.ts';
import type { Writer, Written } from './two-values.ts';

export const NOT_NUMBERS: Record<string, Writer> = {
  'a date': (random) => ({ text: date(random) }),
  'a date with a time': (random) => ({ text: dateWithTime(random) }),
  'a time': (random) => time(random),
  'an IPv4 address': (random) => ({ text: ipv4(random) }),
  'an IPv4 address with a port': (random) => ({ text: `${ipv4(random)}:${whole(random, 1, 65_535)}` }),
  'an IPv6 address': (random) => ({ text: ipv6(random) }),
  'an e-mail address': (random) => ({ text: email(random) }),
  'a postal address': (random) => ({ text: postal(random) }),
  coordinates: (random) => ({ text: coordinates(random) }),
  'a decimal': (random) => ({ text: decimal(random) }),
  'an exponent': (random) => ({ text: exponent(random) }),
  'a version': (random) => version(random),
  'a price': (random) => ({ text: price(random) }),
  'a sentence': (random) => ({ text: sentence(random) }),
};

function whole(random: Random, least: number, most: number): number {
  return least + random.below(most - least + 1);
}

function two(value: number): string {
  return String(value).padStart(2, '0');
}

function digits(random: Random, count: number): string {
  let text = '';
  while (text.length < count) text += String(random.below(10));
  return text;
}

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

function date(random: Random): string {
  const [year, month, day] = [whole(random, 1950, 2039), whole(random, 1, 12), whole(random, 1, 28)];
  const [mm, dd, yy] = [two(month), two(day), two(year % 100)];
  const name = MONTHS[month - 1] ?? '';
  const by = pick(['.', '-', '/'], random);
  return pick(
    [
      `${year}-${mm}-${dd}`,
      [dd, mm, year].join(by),
      [day, month, year].join(by),
      [mm, dd, year].join(by),
      [year, mm, dd].join(by),
      [dd, mm, yy].join(by),
      [day, month, yy].join(by),
      `${dd}. ${mm}. ${year}`,
      `${day} ${name} ${year}`,
      `${dd}-${name}-${year}`,
      `${dd}-${name}-${yy}`,
      `${dd}.${name}.${year}`,
      `${name} ${day}, ${year}`,
      `${mm}/${year}`,
      `${year}年${month}月${day}日`,
    ],
    random,
  );
}

function clock(random: Random): string {
  return `${two(random.below(24))}:${two(random.below(60))}`;
}

function dateWithTime(random: Random): string {
  const day = date(random);
  const seconds = two(random.below(60));
  const iso = `${whole(random, 1990, 2039)}-${two(whole(random, 1, 12))}-${two(whole(random, 1, 28))}`;
  return pick(
    [
      `${day} ${clock(random)}`,
      `${day} ${clock(random)}:${seconds}`,
      `${day}, ${clock(random)}`,
      `${iso}T${clock(random)}:${seconds}Z`,
      `${iso}T${clock(random)}:${seconds}.${digits(random, 3)}+02:00`,
      `${iso.replaceAll('-', '')}T${clock(random).replace(':', '')}${seconds}Z`,
      `${iso} ${clock(random).replace(':', '.')}`,
      `${iso} ${clock(random).replace(':', '-')}-${seconds}`,
    ],
    random,
  );
}

function time(random: Random): Written {
  const at = clock(random);
  const hour = String(whole(random, 1, 12));
  return pick<Written>(
    [
      { text: at },
      { text: `${at}:${two(random.below(60))}` },
      { text: `${at}:${two(random.below(60))}.${digits(random, 3)}` },
      { text: `${at} - ${clock(random)}` },
      { text: `${at}-${clock(random)}` },
      { text: `${hour}:${two(random.below(60))} PM` },
      { text: `${hour} am` },
      { text: at.replace(':', 'h'), mayBeLogin: true },
      { text: `${hour}am`, mayBeLogin: true },
      { text: `${random.below(24)}.${two(whole(random, 1, 59))}` },
      { text: `PT${hour}H${random.below(60)}M`, mayBeLogin: true },
    ],
    random,
  );
}

function ipv4(random: Random): string {
  const byte = (): number =>
    pick([0, 1, 10, 15, 168, 192, 255, random.below(256), random.below(256)], random);
  const address = [byte(), byte(), byte(), byte()].join('.');
  return random.chance(0.1) ? `${address}/${whole(random, 8, 32)}` : address;
}

function ipv6(random: Random): string {
  const part = (): string => random.below(0x1_0000).toString(16);
  const zeros = (): string => part().padStart(4, '0');
  return pick(
    [
      Array.from({ length: 8 }, zeros).join(':'),
      Array.from({ length: 8 }, part).join(':'),
      `2001:db8::${part()}`,
      `::${part()}`,
      '::1',
      `fe80::${part()}%eth0`,
      `[2001:db8::${part()}]:5060`,
      `::ffff:${ipv4(random)}`,
      `${digits(random, 4)}:${digits(random, 4)}::${digits(random, 3)}`,
    ],
    random,
  );
}

const HOSTS = ['example.com', 'mail.example.org', 'crm.example.net', '10.0.0.15', '192.168.1.20:5060'];

function email(random: Random): string {
  const user = pick(
    [
      'ivan.p',
      'sales',
      'agent_007',
      '201',
      digits(random, 3),
      `38044${digits(random, 7)}`,
      `+49${digits(random, 9)}`,
    ],
    random,
  );
  const host = pick(HOSTS, random);
  return pick(
    [
      `${user}@${host}`,
      `mailto:${user}@${host}`,
      `<${user}@${host}>`,
      `Ivan <${user}@${host}>`,
      `sip:${user}@${host}`,
    ],
    random,
  );
}

function postal(random: Random): string {
  const house = String(whole(random, 1, 250));
  const code = digits(random, 5);
  return pick(
    [
      `${house} Baker Street`,
      `${house} Baker St., London NW${random.below(10)} ${random.below(10)}XE`,
      `Hauptstr. ${house}, ${code} Berlin`,
      `${code} Berlin`,
      `${code}-${digits(random, 4)} New York`,
      `вул. Хрещатик, ${house}, кв. ${random.below(99)}, ${code}`,
      `${house} bis rue de Rivoli, ${code} Paris`,
      `P.O. Box ${digits(random, 4)}`,
      `PO Box ${code}`,
      `${house}/${random.below(40)} Main Road`,
      `NY ${code}`,
      `Apt ${house}, ${code}`,
    ],
    random,
  );
}

function coordinates(random: Random): string {
  const places = whole(random, 3, 7);
  const [north, east] = [
    (random.next() * 180 - 90).toFixed(places),
    (random.next() * 360 - 180).toFixed(places),
  ];
  const [degrees, minutes] = [random.below(90), two(random.below(60))];
  return pick(
    [
      `${north}, ${east}`,
      `${north},${east}`,
      `${north} ${east}`,
      `${north};${east}`,
      `${north}/${east}`,
      `(${north}, ${east})`,
      `geo:${north},${east}`,
      `${north.replace('-', '')}N ${east.replace('-', '')}E`,
      `N${north.replace('-', '')} E${east.replace('-', '')}`,
      `${degrees}°${minutes}′N ${random.below(180)}°${minutes}′E`,
      `${degrees}°${minutes}'${digits(random, 2)}"N`,
      `${degrees}° ${minutes}.${digits(random, 3)}′`,
    ],
    random,
  );
}

/** The fraction is not zero: `201.0` is how a spreadsheet writes the integer 201. */
function decimal(random: Random): string {
  const before = pick([whole(random, 0, 9), whole(random, 10, 999), whole(random, 1_000, 9_999_999)], random);
  const long = `${whole(random, 1, 9)}${digits(random, whole(random, 6, 11))}`;
  const after = `${digits(random, whole(random, 0, 5))}${whole(random, 1, 9)}`;
  const value = `${random.chance(0.3) ? long : before}${pick(['.', '.', ','], random)}${after}`;
  return pick([value, value, value, `-${value}`, `.${after}`, `${value}%`, `≈${value}`], random);
}

function exponent(random: Random): string {
  const mantissa = pick(
    [`${whole(random, 1, 9)}.${digits(random, whole(random, 1, 9))}`, whole(random, 1, 99)],
    random,
  );
  const power = pick(['E11', 'E+11', 'e+11', 'e11', 'E+09', 'E12', 'E-05', 'E+15'], random);
  const text = `${mantissa}${power}`;
  return pick(
    [text, text, text.replace('.', ','), text.replace('E', ' E'), text.replace(/e/i, '×10^')],
    random,
  );
}

function version(random: Random): Written {
  const part = (): number => pick([random.below(10), random.below(30), random.below(200)], random);
  const [major, minor, patch] = [part(), part(), part()];
  const three = `${major}.${minor}.${patch}`;
  return pick<Written>(
    [
      { text: three },
      { text: `${major}.${minor}.${patch}.${part()}` },
      { text: `${whole(random, 90, 140)}.0.${whole(random, 4_000, 7_000)}.${whole(random, 10, 250)}` },
      { text: `v${three}`, mayBeLogin: true },
      { text: `${three}-beta.${random.below(9)}`, mayBeLogin: true },
      { text: `${three}-rc${random.below(9)}`, mayBeLogin: true },
      { text: `release-${three}`, mayBeLogin: true },
      { text: `${three}+${digits(random, 6)}` },
      { text: `^${three}` },
      { text: `>=${three} <${major + 1}` },
    ],
    random,
  );
}

function price(random: Random): string {
  const amount = whole(random, 1, 9_999);
  const cents = digits(random, 2);
  const thousands = `${whole(random, 1, 999)}`;
  const rest = digits(random, 3);
  return pick(
    [
      `$${amount}.${cents}`,
      `€${amount}`,
      `${amount},${cents} €`,
      `${amount} UAH`,
      `${amount}грн`,
      `EUR ${thousands}.${rest},${cents}`,
      `${thousands},${rest}.${cents}`,
      `${thousands}.${rest},${cents}`,
      `${thousands} ${rest},${cents}`,
      `$${thousands},${rest}`,
      `${thousands} ${rest} руб.`,
      `${amount}.-`,
      `${amount}.–`,
      `£${amount}.${cents}/month`,
      `¥${thousands}${rest}`,
      `${amount} $`,
    ],
    random,
  );
}

const WORDS =
  'call please to the manager on ask for Ivan after tomorrow позвони менеджеру зателефонуйте bitte rufen'.split(
    ' ',
  );

function sentence(random: Random): string {
  const number = pick(
    ['201', digits(random, 3), digits(random, 7), `0${digits(random, 9)}`, `+38044${digits(random, 7)}`],
    random,
  );
  const words = Array.from({ length: whole(random, 2, 6) }, () => pick(WORDS, random));
  words.splice(random.below(words.length + 1), 0, number);
  if (random.chance(0.3))
    words.splice(random.below(words.length + 1), 0, digits(random, whole(random, 1, 4)));
  return `${words.join(' ')}${pick(['', '', '.', '!', '?', ' :)'], random)}`;
}
