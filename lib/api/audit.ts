import type { FastifyRequest } from 'fastify';
import type { AuditLine } from '../store/audit.ts';
import { uuidv7 } from '../uuid.ts';
import type { ApiContext } from './context.ts';

/** One line of the audit log: who did what to whom, and from where. `change` holds no secret. */
export function auditLine(
  { clock }: Pick<ApiContext, 'clock'>,
  request: Pick<FastifyRequest, 'ip' | 'principal'>,
  action: string,
  subject: string,
  { change = {}, who, tenant }: { change?: object; who?: string; tenant?: string } = {},
): AuditLine {
  const at = clock.date();
  return {
    id: uuidv7(at),
    tenant: tenant ?? request.principal?.tenant ?? 'default',
    at: at.toISOString(),
    who: who ?? request.principal?.who ?? 'nobody',
    address: request.ip,
    action,
    subject,
    change: JSON.stringify(change),
  };
}

/** For what changes nothing in the store itself. What does is written in one transaction with its line: `store.together`. */
export async function audit(
  context: Pick<ApiContext, 'store' | 'clock'>,
  ...what: DropFirst<Parameters<typeof auditLine>>
): Promise<void> {
  await context.store.audit.add(auditLine(context, ...what));
}

type DropFirst<List extends readonly unknown[]> = List extends [unknown, ...infer Rest] ? Rest : never;
