import { Box, Group, Stack, Text } from '@mantine/core';
import { useHotkeys } from '@mantine/hooks';
import { keepPreviousData, useInfiniteQuery } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import { useCallback, useMemo, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { callPages } from '../../api/calls.ts';
import { FailureOf } from '../../ui/failure.tsx';
import { Empty, Page, Waiting } from '../../ui/page.tsx';
import { CallPane } from './call-pane.tsx';
import { CallTable } from './call-table.tsx';
import classes from './calls.module.css';
import { keptColumns } from './columns.ts';
import { filterOf, queryOf, searchWith } from './filter.ts';
import { Filters } from './filters.tsx';

const route = getRouteApi('/calls');

/** Every call that has ended: looked for, looked at, and one of them explained beside the others. */
export function Calls() {
  const { t } = useTranslation();
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const searchRef = useRef<HTMLInputElement>(null);
  const [columns] = useState(keptColumns);
  const [at, setAt] = useState(-1);
  const asked = { ...filterOf(search), last: search['last'] };
  const query = useInfiniteQuery({
    ...callPages(asked, () => queryOf(search, Date.now())),
    placeholderData: keepPreviousData,
  });
  const calls = useMemo(() => query.data?.pages.flatMap((page) => page.calls) ?? [], [query.data]);
  const openId = search['call'];
  const change = useCallback(
    (changes: Record<string, string | undefined>, replace = false) =>
      void navigate({ search: (before) => searchWith(before, changes), replace }),
    [navigate],
  );
  const open = (index: number): void => {
    setAt(index);
    const id = calls[index]?.id;
    if (id !== undefined) change({ call: id }, openId !== undefined);
  };
  const step = (by: number): void => {
    const next = Math.max(0, Math.min(calls.length - 1, at + by));
    if (openId === undefined) setAt(next);
    else open(next);
  };
  useHotkeys([
    [
      'j',
      () => {
        step(1);
      },
    ],
    [
      'k',
      () => {
        step(-1);
      },
    ],
    [
      'ArrowDown',
      () => {
        step(1);
      },
    ],
    [
      'ArrowUp',
      () => {
        step(-1);
      },
    ],
    [
      'Enter',
      () => {
        if (at >= 0) open(at);
      },
    ],
    [
      'Escape',
      () => {
        change({ call: undefined });
      },
    ],
    ['/', () => searchRef.current?.focus()],
  ]);
  const { hasNextPage, isFetchingNextPage, fetchNextPage } = query;
  const onEnd = useCallback(() => {
    if (hasNextPage && !isFetchingNextPage) void fetchNextPage();
  }, [hasNextPage, isFetchingNextPage, fetchNextPage]);
  return (
    <Page title={t('calls.title')}>
      <div className={classes['split']} data-open={openId !== undefined || undefined}>
        <Stack gap="sm" className={classes['list']}>
          <Filters search={search} onChange={change} searchRef={searchRef} />
          {query.error !== null && <FailureOf error={query.error} again={() => void query.refetch()} />}
          {query.isPending && <Waiting rows={12} />}
          {query.isSuccess && calls.length === 0 && (
            <Empty title={t(Object.keys(filterOf(search)).length > 0 ? 'calls.noneFound' : 'calls.none')}>
              {t(Object.keys(filterOf(search)).length > 0 ? 'calls.noneFoundHint' : 'calls.noneHint')}
            </Empty>
          )}
          {calls.length > 0 && (
            <CallTable
              calls={calls}
              columns={columns}
              at={at}
              openId={openId}
              onOpen={open}
              onEnd={onEnd}
              isOld={query.isPlaceholderData}
            />
          )}
          <Group justify="space-between">
            <Text size="xs" c="dimmed">
              {t('calls.keys')}
            </Text>
            <Text size="xs" c="dimmed" role="status">
              {hasNextPage
                ? t('calls.loaded', { count: calls.length })
                : t('calls.all', { count: calls.length })}
            </Text>
          </Group>
        </Stack>
        {openId !== undefined && (
          <Box component="section" className={classes['pane']} aria-label={t('calls.one')}>
            <CallPane
              key={openId}
              id={openId}
              onClose={() => {
                change({ call: undefined });
              }}
            />
          </Box>
        )}
      </div>
    </Page>
  );
}
