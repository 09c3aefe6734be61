import zlib from 'node:zlib';
import { expect } from 'chai';
import fc from 'fast-check';
import { RouterError } from '../../../lib/errors.ts';
import { decodeBody } from '../../../lib/http/encoding.ts';

const MAX = 1000;
const TEXT = '{"destination":"380441234567"}';
const plain = Buffer.from(TEXT);
const gzip = zlib.gzipSync(plain);

function read(bytes: Buffer, contentEncoding: string): { text: string; notes: readonly string[] } {
  const decoded = decodeBody(bytes, contentEncoding, MAX);
  return { text: decoded.bytes.toString(), notes: decoded.notes };
}

function failure(bytes: Buffer, contentEncoding: string): string {
  try {
    decodeBody(bytes, contentEncoding, MAX);
  } catch (error) {
    if (error instanceof RouterError) return `${error.code}: ${error.message}`;
    throw error;
  }
  return 'none';
}

describe('content encoding', () => {
  it('is undone, whatever its case and what stands around it', () => {
    const bodies: [string, Buffer][] = [
      ['gzip', gzip],
      [' X-GZIP ', gzip],
      ['"gzip"', gzip],
      ['gzip;q=1.0', gzip],
      ['deflate', zlib.deflateSync(plain)],
      ['deflate', zlib.deflateRawSync(plain)],
      ['br', zlib.brotliCompressSync(plain)],
      ['identity', plain],
      ['', plain],
      [' , ', plain],
    ];
    for (const [encoding, bytes] of bodies) {
      expect(read(bytes, encoding), encoding).to.deep.equal({ text: TEXT, notes: [] });
    }
  });

  it('is undone from the last to the first where there are several', () => {
    expect(read(zlib.brotliCompressSync(gzip), 'gzip, br')).to.deep.equal({ text: TEXT, notes: [] });
    expect(read(zlib.gzipSync(gzip), 'gzip, gzip')).to.deep.equal({ text: TEXT, notes: [] });
    for (const encoding of ['gzip, identity', 'identity,gzip', 'gzip,']) {
      expect(read(gzip, encoding), encoding).to.deep.equal({ text: TEXT, notes: [] });
    }
    expect(failure(gzip, 'gzip, gzip, gzip, gzip')).to.equal(
      'http_malformed: 4 content encodings, at most 3 are decoded',
    );
  });

  it('that was not applied is noted: gzip tells itself', () => {
    const note = 'Content-Encoding says gzip, and the body is not compressed so: read as it is';
    expect(read(plain, 'gzip')).to.deep.equal({ text: TEXT, notes: [note] });
    expect(read(gzip, 'gzip, gzip')).to.deep.equal({ text: TEXT, notes: [note] });
    expect(failure(plain, 'br')).to.match(/^http_malformed: the body is not complete br/);
  });

  it('that names no coding is ignored, with a note', () => {
    for (const word of [
      'utf-8',
      'none',
      'text',
      'utf8',
      '8bit',
      'chunked',
      'aws-chunked',
      'windows-1251',
      'json',
      '*',
    ]) {
      const notes = [`Content-Encoding names no coding, "${word}": ignored`];
      expect(read(plain, word.toUpperCase()), word).to.deep.equal({ text: TEXT, notes });
      expect(read(gzip, `${word}, gzip`), word).to.deep.equal({ text: TEXT, notes });
    }
    expect(read(plain, `\x1b${'x'.repeat(99)}`).notes[0]).to.match(/, "\\u001bx{39}…": ignored$/);
  });

  it('that cannot be undone is an error by its name', () => {
    for (const name of ['zstd', 'compress', 'X-Compress', 'exi', 'dcb', 'sdch', 'bzip2', 'xz']) {
      for (const encoding of [name, `gzip, ${name}`, `utf-8, ${name}`]) {
        expect(failure(gzip, encoding), encoding).to.equal(
          `http_malformed: the content encoding ${name.toLowerCase()} was not offered and cannot be decoded`,
        );
      }
    }
  });

  it('of an empty body is none', () => {
    for (const encoding of ['zstd', 'gzip', 'utf-8']) {
      expect(read(Buffer.alloc(0), encoding)).to.deep.equal({ text: '', notes: [] });
    }
  });

  it('counts the bytes of each stage', () => {
    expect(read(zlib.gzipSync('x'.repeat(MAX)), 'gzip').text).to.have.length(MAX);
    const large = zlib.gzipSync('x'.repeat(MAX + 1));
    const message = 'body_too_large: more than 1000 bytes after decompression';
    expect(failure(large, 'gzip')).to.equal(message);
    expect(failure(zlib.gzipSync('я'.repeat(MAX / 2 + 1)), 'gzip')).to.equal(message);
    expect(failure(zlib.gzipSync(Buffer.concat([large, Buffer.alloc(5000)])), 'gzip, gzip')).to.equal(
      message,
    );
    expect(
      failure(
        zlib.brotliCompressSync(Buffer.alloc(20_000_000), {
          params: { [zlib.constants.BROTLI_PARAM_QUALITY]: 1 },
        }),
        'br',
      ),
    ).to.equal(message);
  });

  it('that is cut off or broken is an error', () => {
    for (const bytes of [gzip.subarray(0, -9), Buffer.concat([gzip.subarray(0, 10), plain])]) {
      expect(failure(bytes, 'gzip')).to.match(/^http_malformed: the body is not complete gzip: /);
    }
    expect(failure(gzip, 'br')).to.match(/^http_malformed: the body is not complete br/);
  });

  it('ends where its coding ends: zeros behind it are padding, anything else is an error', () => {
    const codings = {
      gzip,
      deflate: zlib.deflateSync(plain),
      'deflate ': zlib.deflateRawSync(plain),
      br: zlib.brotliCompressSync(plain),
    };
    for (const [encoding, bytes] of Object.entries(codings)) {
      const behind = (text: string): Buffer => Buffer.concat([bytes, Buffer.from(text)]);
      expect(read(behind('\0\0\0'), encoding), encoding).to.deep.equal({ text: TEXT, notes: [] });
      for (const more of ['x', '\r\n', '\0x', TEXT]) {
        expect(failure(behind(more), encoding), `${encoding} ${more}`).to.match(/^http_malformed: /);
      }
    }
    expect(failure(Buffer.concat([codings.br, plain]), 'br')).to.equal(
      'http_malformed: 30 bytes after the end of the br data',
    );
  });

  it('throws nothing but what says so, and gives no more than it may', () => {
    const name = fc.constantFrom(
      'gzip',
      'x-gzip',
      'deflate',
      'br',
      'identity',
      'zstd',
      'utf-8',
      '',
      'gzip;q=0',
    );
    const header = fc.oneof(
      fc.array(name, { maxLength: 5 }).map((names) => names.join(',')),
      fc.string(),
    );
    const body = fc.oneof(
      fc.uint8Array({ maxLength: 80 }),
      fc.uint8Array({ maxLength: 80 }).map((bytes) => zlib.gzipSync(bytes)),
      fc.uint8Array({ maxLength: 80 }).map((bytes) => zlib.deflateRawSync(bytes)),
    );
    fc.assert(
      fc.property(body, header, (bytes, encoding) => {
        try {
          expect(decodeBody(Buffer.from(bytes), encoding, MAX).bytes.length).to.be.at.most(MAX);
        } catch (error) {
          expect(error).to.be.instanceOf(RouterError);
        }
      }),
      { numRuns: 1000 },
    );
  });
});
