import type { FastifyError, FastifyInstance, FastifyReply } from 'fastify';
import { hasZodFastifySchemaValidationErrors } from 'fastify-type-provider-zod';
import { messageOf, RouterError } from '../errors.ts';
import type { Logger } from '../log.ts';
import { StoreFault } from '../store/fault.ts';
import { ApiProblem, sendProblem, type FieldFault } from './problem.ts';

/** Every error of a request becomes a problem; our own errors also go into the log. */
export function answerFaults(app: FastifyInstance, log: Logger): void {
  app.setErrorHandler((error, request, reply) => {
    const problem = problemOf(error);
    if (problem.status >= 500) {
      const { method, routeOptions } = request;
      const facts = { method, route: routeOptions.url ?? '', error: messageOf(error) };
      if (problem.status === 500) log.error('api: an internal error', facts);
      else log.warn('api: the store does not answer', facts);
    }
    return sendProblem(reply, problem);
  });
  app.setNotFoundHandler((_request, reply) =>
    sendProblem(reply, new ApiProblem(404, 'no such path, or not with this method')),
  );
}

export function sendFault(reply: FastifyReply, error: unknown): FastifyReply {
  return sendProblem(reply, problemOf(error));
}

function problemOf(error: unknown): ApiProblem {
  if (error instanceof ApiProblem) return error;
  if (hasZodFastifySchemaValidationErrors(error)) {
    const context = (error as unknown as FastifyError).validationContext ?? 'body';
    const errors = error.validation.slice(0, MAX_FAULTS).map(({ instancePath, message }): FieldFault => {
      const detail = message ?? 'not valid';
      return context === 'body'
        ? { pointer: instancePath, detail }
        : { parameter: instancePath.slice(1), detail };
    });
    const [first] = errors;
    const place = first?.pointer ?? first?.parameter ?? '';
    return new ApiProblem(422, `${context} ${place}: ${first?.detail ?? 'not valid'}`, { errors });
  }
  if (error instanceof RouterError && error.code === 'config_invalid')
    return new ApiProblem(422, error.message);
  if (error instanceof RouterError && error.code === 'overloaded') return new ApiProblem(503, error.message);
  if (error instanceof StoreFault) {
    if (error.kind === 'row') return new ApiProblem(422, 'the store refuses this value');
    return new ApiProblem(503, 'the store does not answer; calls go on without it', {
      headers: { 'Retry-After': '5' },
    });
  }
  const { statusCode = 500 } = error as Partial<FastifyError>;
  if (statusCode < 400 || statusCode > 499)
    return new ApiProblem(500, 'an internal error: see the log of the router');
  return new ApiProblem(statusCode, messageOf(error));
}

/** A body can be wrong in a thousand places, and nobody reads so many. */
const MAX_FAULTS = 20;
