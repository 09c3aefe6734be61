import { Stack, Text } from '@mantine/core';
import type { CallOutlook } from '../../../api/types.ts';
import { ResultBadge } from '../../ui/result.tsx';

/** Where a call went or would go, and by which scheme. */
export function Outlook({ outlook: { result, reason, steps, scheme } }: { readonly outlook: CallOutlook }) {
  return (
    <Stack gap={2} align="flex-start">
      <ResultBadge result={result} reason={reason} />
      <Text size="xs" className="foreign">
        {steps.join(' → ')}
      </Text>
      {scheme !== null && (
        <Text size="xs" c="dimmed">
          {scheme}
        </Text>
      )}
    </Stack>
  );
}
