import { Skeleton, Stack } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useParams, useSearch } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { FailureOf } from '../../ui/failure.tsx';
import { Empty, Page } from '../../ui/page.tsx';
import { usePresetWords } from '../../ui/preset-words.ts';
import type { Draft } from './draft.ts';
import { NO_PRESET } from './new-scheme.tsx';
import { onePreset, oneScheme, schemeSchema } from './queries.ts';
import { isOwnShape, OWN_SHAPES } from './shapes.ts';
import { useFieldTable } from './words.ts';
import { Workbench } from './workbench.tsx';

/** One scheme: that of the store, or a new one that begins as a preset. */
export function SchemeEditor() {
  const { t } = useTranslation();
  const { name } = useParams({ from: '/schemes/$name' });
  const { preset } = useSearch({ from: '/schemes/$name' });
  const scheme = useQuery(oneScheme(name));
  const schema = useQuery(schemeSchema);
  const own =
    preset === undefined || preset === NO_PRESET ? {} : isOwnShape(preset) ? OWN_SHAPES[preset] : null;
  const offered = useQuery({ ...onePreset(preset ?? ''), enabled: own === null });
  const table = useFieldTable();
  const words = usePresetWords();
  const failed = [scheme, schema, offered].find(({ error, data }) => error !== null && data === undefined);
  if (failed !== undefined) {
    return (
      <Page title={name}>
        <FailureOf error={failed.error} again={() => void failed.refetch()} />
      </Page>
    );
  }
  const isOffered = own !== null || offered.data !== undefined;
  if (scheme.data === undefined || schema.data === undefined || table === null || !isOffered) {
    return (
      <Page title={name}>
        <Stack gap="sm" aria-busy="true">
          {Array.from({ length: 8 }, (_, index) => (
            <Skeleton key={index} h={44} maw={720} />
          ))}
        </Stack>
      </Page>
    );
  }
  const { data: held } = scheme;
  const chosen = offered.data;
  if (held === null && preset === undefined) {
    return (
      <Page title={name}>
        <Empty title={t('schemes.none', { name })}>{t('schemes.noneHint')}</Empty>
      </Page>
    );
  }
  const first: Draft =
    held === null
      ? { base: {}, etag: null, document: { name, webhook: { url: '' }, ...(own ?? chosen?.document) } }
      : { base: held.scheme.document, etag: held.etag, document: held.scheme.document };
  return (
    <Workbench
      key={name}
      {...{ name, first, held, table }}
      schema={schema.data}
      toDo={held === null ? (chosen?.toDo ?? []).map(words) : []}
    />
  );
}
