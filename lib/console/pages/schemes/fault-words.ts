import { useQuery } from '@tanstack/react-query';
import type { TFunction } from 'i18next';
import { useTranslation } from 'react-i18next';
import type { FieldFault } from '../../api/client.ts';
import { pathOf } from './document.ts';
import { unsetSecret } from './places.ts';
import { schemeSchema } from './queries.ts';
import type { FieldTable, SchemaNode } from './schema.ts';
import { labelOf, partsOf, useFieldTable } from './words.ts';

/** What is wrong, in a sentence that calls fields by their labels; words in backticks stand for code. */
export function faultText(t: TFunction, fault: FieldFault, schema: SchemaNode, table: FieldTable): string {
  const secret = unsetSecret(fault);
  if (secret !== null) {
    const isAuth = pathOf(fault.pointer ?? '').includes('auth');
    return t(isAuth ? 'schemes.secret.ofAuth' : 'schemes.secret.elsewhere', { secret });
  }
  return partsOf(fault.detail, schema)
    .map((part) => ('text' in part ? part.text : `${labelOf(part.path, schema, table)} (${part.key})`))
    .join('');
}

/** The same with its place in front, where no editor is open. */
export function useFaultLine(): (fault: FieldFault) => string {
  const { t } = useTranslation();
  const { data: schema = {} } = useQuery(schemeSchema);
  const table = useFieldTable() ?? {};
  return (fault) => {
    const text = faultText(t, fault, schema, table).replaceAll('`', '');
    const path = pathOf(fault.pointer ?? '');
    return path.length === 0 ? text : `${labelOf(path, schema, table)}: ${text}`;
  };
}
