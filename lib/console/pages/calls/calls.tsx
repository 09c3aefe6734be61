import { Box, Button, Group, Text } from '@mantine/core';
import { useHotkeys, useMediaQuery } from '@mantine/hooks';
import { IconArrowUp } from '@tabler/icons-react';
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
import { BESIDE_COLUMNS } from './columns.ts';
import { Compare } from './compare.tsx';
import { filterOf, FILTERS, queryOf, searchWith } from './filter.ts';
import { Filters } from './filters.tsx';
import { keepColumns, keptColumns } from './kept.ts';
import { useTail } from './tail.ts';
import { Toolbar } from './toolbar.tsx';

const route = getRouteApi('/calls');
const NO_FILTER = Object.fromEntries([...FILTERS, 'last'].map((name) => [name, undefined]));

/** Every call that has ended: looked for, looked at, and one of them explained beside the others. */
export function Calls() {
  const { t } = useTranslation();
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const { call: openId, with: otherId } = search;
  const toTop = useRef<(() => void) | null>(null);
  const searchRef = useRef<HTMLInputElement>(null);
  const [chosen, setColumns] = useState(keptColumns);
  const [at, setAt] = useState(-1);
  const [isTop, setTop] = useState(true);
  const isWide = useMediaQuery('(min-width: 2500px)');
  const isTiny = useMediaQuery('(max-width: 700px)');
  const isNarrow = useMediaQuery('(max-width: 1500px)');
  // As in the style sheet: one call stands in place of the list, and what is done to a list is not seen there.
  const isAlone = useMediaQuery('(max-width: 1150px)') && openId !== undefined;
  const asked = { ...filterOf(search), last: search['last'] ?? '' };
  const query = useInfiniteQuery({
    ...callPages(asked, () => queryOf(search, Date.now())),
    placeholderData: keepPreviousData,
  });
  const isTail = search['tail'] === 'on';
  const fresh = useTail({ isLive: isTail, isReading: at >= 0 || !isTop, key: asked, search });
  const calls = useMemo(() => query.data?.pages.flatMap((page) => page.calls) ?? [], [query.data]);
  const change = useCallback(
    (changes: Record<string, string | undefined>, replace = false) =>
      void navigate({ search: (before) => searchWith(before, changes), replace }),
    [navigate],
  );
  const place = at >= 0 ? at : calls.findIndex(({ id }) => id === openId);
  const open = (index: number): void => {
    setAt(index);
    const id = calls[index]?.id;
    if (id !== undefined) change({ call: id }, openId !== undefined);
  };
  const step = (by: number): void => {
    const next = Math.max(0, Math.min(calls.length - 1, place + by));
    if (openId === undefined) setAt(next);
    else open(next);
  };
  const down = (): void => {
    step(1);
  };
  const up = (): void => {
    step(-1);
  };
  useHotkeys([
    ['j', down],
    ['k', up],
    ['ArrowDown', down],
    ['ArrowUp', up],
    [
      'Enter',
      ({ target }) => {
        // A button that has the focus is pressed by it.
        const isElsewhere = target instanceof HTMLElement && target.closest('a, button, summary') !== null;
        if (at >= 0 && !isElsewhere) open(at);
      },
      { preventDefault: false },
    ],
    [
      'Escape',
      () => {
        change({ call: undefined, with: undefined });
      },
    ],
    ['/', () => searchRef.current?.focus()],
  ]);
  const { hasNextPage, isFetchingNextPage, fetchNextPage } = query;
  const onEnd = useCallback(() => {
    if (hasNextPage && !isFetchingNextPage) void fetchNextPage();
  }, [hasNextPage, isFetchingNextPage, fetchNextPage]);
  if (openId !== undefined && otherId !== undefined) {
    return (
      <Page title={t('calls.compare.title')}>
        <Compare
          left={openId}
          right={otherId}
          onClose={() => {
            change({ with: undefined });
          }}
        />
      </Page>
    );
  }
  const beside = isNarrow ? BESIDE_COLUMNS.slice(0, -1) : BESIDE_COLUMNS;
  const columns = openId === undefined || isWide ? chosen : beside;
  const isFiltered = Object.keys(filterOf(search)).length > 0 || search['last'] !== undefined;
  return (
    <Page
      title={t('calls.title')}
      actions={
        isAlone ? undefined : (
          <>
            {fresh !== null && (
              <Button
                size="xs"
                variant="light"
                leftSection={<IconArrowUp size={14} aria-hidden />}
                onClick={() => {
                  setAt(-1);
                  fresh.show();
                  toTop.current?.();
                }}
              >
                {t(fresh.isMore ? 'calls.freshMany' : 'calls.fresh', { count: fresh.count })}
              </Button>
            )}
            <Toolbar
              search={search}
              columns={chosen}
              onColumns={(wanted) => {
                setColumns(wanted);
                keepColumns(wanted);
              }}
              onView={(view) => {
                setColumns([...view.columns]);
                change({ ...NO_FILTER, ...view.search });
              }}
              isTail={isTail}
              onTail={(on) => {
                change({ tail: on ? 'on' : undefined });
              }}
            />
          </>
        )
      }
    >
      <div className={classes['split']} data-open={openId !== undefined || undefined}>
        <div className={classes['list']}>
          <Filters
            search={search}
            onChange={(changes) => {
              setAt(-1);
              change(changes);
            }}
            searchRef={searchRef}
            isShort={isTiny || (openId !== undefined && isNarrow)}
          />
          {query.error !== null && <FailureOf error={query.error} again={() => void query.refetch()} />}
          {query.isPending && <Waiting rows={12} />}
          {query.isSuccess && calls.length === 0 && (
            <Empty title={t(isFiltered ? 'calls.noneFound' : 'calls.none')}>
              {t(isFiltered ? 'calls.noneFoundHint' : 'calls.noneHint')}
            </Empty>
          )}
          {calls.length > 0 && (
            <CallTable
              calls={calls}
              columns={columns}
              at={place}
              openId={openId}
              onOpen={open}
              onEnd={onEnd}
              onTop={setTop}
              toTop={toTop}
              isOld={query.isPlaceholderData}
              isTiny={isTiny}
            />
          )}
          <Group justify="space-between">
            <Text
              size="xs"
              c="dimmed"
              visibleFrom="md"
              display={isNarrow && openId !== undefined ? 'none' : undefined}
            >
              {t('calls.keys')}
            </Text>
            <Text size="xs" c="dimmed" role="status">
              {t(hasNextPage ? 'calls.loaded' : 'calls.all', { count: calls.length })}
            </Text>
          </Group>
        </div>
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
