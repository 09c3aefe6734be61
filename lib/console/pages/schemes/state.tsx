import { Badge } from '@mantine/core';
import {
  IconCircleCheck,
  IconCircleDashed,
  IconEye,
  IconLock,
  IconPlayerPause,
  IconTrash,
} from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import type { SchemeState } from '../../../api/types.ts';

export type ShownState = SchemeState | 'file';

const STATES = {
  // Not green: whether it does well is another question.
  live: { color: 'blue', icon: IconCircleCheck },
  shadow: { color: 'grape', icon: IconEye },
  draft: { color: 'gray', icon: IconCircleDashed },
  disabled: { color: 'gray', icon: IconPlayerPause },
  deleted: { color: 'red', icon: IconTrash },
  file: { color: 'blue', icon: IconLock },
} as const satisfies Record<ShownState, unknown>;

/** What a scheme is used for; those of files are in use, and locked. */
export function StateBadge({ state }: { readonly state: ShownState }) {
  const { t } = useTranslation();
  const { color, icon: Icon } = STATES[state];
  return (
    <Badge color={color} variant="light" tt="none" leftSection={<Icon size={14} aria-hidden />}>
      {t(`schemes.states.${state}`)}
    </Badge>
  );
}
