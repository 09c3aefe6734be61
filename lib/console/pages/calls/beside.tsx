import { Badge, Group, Stack, Text } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import type { CallRecord } from '../../../api/types.ts';
import { ResultBadge } from '../../ui/result.tsx';
import { durationText } from '../../ui/when.tsx';
import { Panel } from './panel.tsx';

/** Schemes that are being tried on live calls: what a shadow would have done with this one, and on which side of a canary it was. */
export function Beside({ record: { canary, shadows } }: { readonly record: CallRecord }) {
  const { t } = useTranslation();
  if (canary === null && shadows.length === 0) return null;
  return (
    <Panel title={t('calls.beside.title')}>
      <Stack gap="xs">
        {canary !== null && (
          <Text size="sm">
            {t(`calls.beside.${canary.side}`, {
              of: canary.of,
              scheme: canary.scheme,
              percent: canary.percent,
            })}
          </Text>
        )}
        {shadows.map(({ scheme, would, dropped, differs, tookMs }) => (
          <Group key={scheme} gap="xs">
            <Text size="sm" fw={600}>
              {scheme}
            </Text>
            {would === null ? (
              <Text size="sm">{t('calls.beside.dropped', { reason: dropped ?? '' })}</Text>
            ) : (
              <>
                <ResultBadge result={would.result} reason={would.reason} />
                <Text size="sm" className="mono foreign">
                  {would.steps.join(', ')}
                </Text>
                <Text size="sm" c="dimmed">
                  {durationText(tookMs)}
                </Text>
              </>
            )}
            {differs !== null && (
              <Badge color={differs ? 'yellow' : 'teal'} variant="light" tt="none">
                {differs ? t('calls.beside.differs') : t('calls.beside.same')}
              </Badge>
            )}
          </Group>
        ))}
      </Stack>
    </Panel>
  );
}
