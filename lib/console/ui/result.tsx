import { Badge, Tooltip } from '@mantine/core';
import {
  IconArrowGuide,
  IconBan,
  IconCircleCheck,
  IconExclamationCircle,
  IconPhoneEnd,
  IconPhoneX,
  IconUserQuestion,
} from '@tabler/icons-react';
import { memo } from 'react';
import { useTranslation } from 'react-i18next';
import type { Result } from '../../api/types.ts';

/** How a result looks, everywhere: never by the colour alone. */
export const RESULTS = {
  routed: { color: 'teal', icon: IconCircleCheck },
  no_route: { color: 'gray', icon: IconUserQuestion },
  no_answer: { color: 'yellow', icon: IconPhoneX },
  refused: { color: 'grape', icon: IconBan },
  error: { color: 'red', icon: IconExclamationCircle },
  abandoned: { color: 'blue', icon: IconPhoneEnd },
} as const satisfies Record<Result, unknown>;

export function isResult(word: string): word is Result {
  return Object.hasOwn(RESULTS, word);
}

interface ResultBadgeProps {
  readonly result: string;
  /** Its reason, shown on hover. */
  readonly reason?: string;
  /** Somebody has answered all the same: a fallback. */
  readonly isSaved?: boolean;
}

/** Drawn again only when it is another one: tables have many. */
export const ResultBadge = memo(function ResultBadge({ result, reason, isSaved = false }: ResultBadgeProps) {
  const { t } = useTranslation();
  const { color, icon: Icon } = isResult(result) ? RESULTS[result] : { color: 'gray', icon: IconArrowGuide };
  const badge = (
    <Badge
      color={color}
      variant="light"
      leftSection={<Icon size={14} aria-hidden />}
      rightSection={isSaved && <IconCircleCheck size={14} role="img" aria-label={t('results.saved')} />}
      title={isSaved ? t('results.saved') : undefined}
      tt="none"
    >
      {isResult(result) ? t(`results.${result}`) : result}
    </Badge>
  );
  return reason === undefined ? badge : <Tooltip label={reason}>{badge}</Tooltip>;
});
