import swagger from '@fastify/swagger';
import type { FastifyInstance } from 'fastify';
import { jsonSchemaTransform } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { PROBLEM_TYPE, problem } from './problem.ts';

/** The OpenAPI document, made of the routes' own schemas. What holds for all of them is said here. */

const PROBLEM = '#/components/responses/Problem';

export async function describeRoutes(app: FastifyInstance, version: string): Promise<void> {
  const { $schema: _, ...schema } = z.toJSONSchema(problem);
  const faults = { description: 'What is wrong (RFC 9457)', content: { [PROBLEM_TYPE]: { schema } } };
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: { title: 'esl-router', version },
      components: {
        securitySchemes: {
          token: { type: 'http', scheme: 'bearer' },
          session: { type: 'apiKey', in: 'cookie', name: 'esl-router' },
        },
      },
    },
    transform: (document) => {
      const transformed = jsonSchemaTransform(document);
      const role = document.route.config?.role ?? 'admin';
      const security = role === 'anyone' ? [] : [{ token: [] }, { session: [] }];
      return { ...transformed, schema: { ...transformed.schema, security, 'x-role': role } };
    },
    // A route answers with a fault in one way only, so that none has to say so itself.
    transformObject: (given) => {
      if (!('openapiObject' in given)) return given.swaggerObject;
      const { paths = {}, components, ...rest } = given.openapiObject;
      const withFaults = Object.entries(paths).map(([path, methods]) => [
        path,
        Object.fromEntries(
          Object.entries(methods ?? {}).map(([method, operation]) => [method, withFault(operation)]),
        ),
      ]);
      return {
        ...rest,
        components: { ...components, responses: { Problem: faults } },
        paths: Object.fromEntries(withFaults) as typeof paths,
      } as typeof given.openapiObject;
    },
  });
}

function withFault(operation: unknown): object {
  const { responses, ...rest } = operation as { readonly responses?: object };
  return { ...rest, responses: { ...responses, default: { $ref: PROBLEM } } };
}
