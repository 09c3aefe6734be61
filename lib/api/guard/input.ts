import type { FastifyInstance } from 'fastify';
import { ApiProblem, fieldProblem } from '../problem.ts';

/** What no route can use, refused before any of them sees it. */

/** Whoever walks or writes deeper JSON runs out of stack; indented it would be the square of its size. */
const MAX_DEPTH = 100;
/** Databases take neither: one refuses the row, the other keeps the text as far as that. */
const NO_TEXT = /[\0\p{Surrogate}]/u;
const DETAIL = 'a text may not hold U+0000 or half of a surrogate pair';

export function guardInput(app: FastifyInstance): void {
  app.addHook('preValidation', (request, _reply, done) => {
    for (const given of [request.params, request.query]) {
      for (const [parameter, value] of Object.entries((given ?? {}) as Readonly<Record<string, unknown>>)) {
        if (![parameter, value].flat().some((text) => NO_TEXT.test(String(text)))) continue;
        throw new ApiProblem(422, DETAIL, { errors: [{ parameter, detail: DETAIL }] });
      }
    }
    const fault = faultIn(request.body);
    if (fault !== null) throw fieldProblem(422, '', fault);
    done();
  });
}

/** Level by level, without recursion. */
function faultIn(body: unknown): string | null {
  let level = [body];
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > MAX_DEPTH) return `expected no more than ${MAX_DEPTH} levels of nesting`;
    const below: unknown[] = [];
    for (const value of level) {
      if (typeof value === 'string' && NO_TEXT.test(value)) return DETAIL;
      if (typeof value !== 'object' || value === null) continue;
      for (const [key, inner] of Object.entries(value)) {
        if (NO_TEXT.test(key)) return DETAIL;
        below.push(inner);
      }
    }
    level = below;
  }
  return null;
}
