import { Text } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import type { CallRecord } from '../../../api/types.ts';
import { readyToRun } from '../../ui/advice.ts';
import { Coded } from '../../ui/coded.tsx';
import { ForeignLine } from '../../ui/foreign-text.tsx';
import { PageLink } from '../../ui/link.tsx';
import { useReasons } from '../../ui/reasons.ts';
import { causesOf, isSet, type Told } from './course.ts';
import { cureKey } from './cure.ts';

/** Every reason why a call is not where the CRM sent it, with the values that were not taken. */
export function Causes({
  record,
  isHead = false,
}: {
  readonly record: CallRecord;
  readonly isHead?: boolean;
}) {
  return causesOf(record).map(({ reason, detail, values }, index) => (
    <div key={reason}>
      <Why reason={reason} values={values} detail={detail} told={record} isHead={isHead && index === 0} />
    </div>
  ));
}

interface WhyProps {
  readonly reason: string;
  readonly values?: readonly string[];
  readonly detail?: string;
  /** What is known of the call: an advice to set what is set is none. */
  readonly told?: Told;
  readonly isShort?: boolean;
  /** The first line of a call. */
  readonly isHead?: boolean;
}

/** The sentence of a reason, what it is about, what to do unless that is said already, and the page that has more. */
export function Why({ reason, values = [], detail = '', told, isShort = false, isHead = false }: WhyProps) {
  const { t } = useTranslation();
  const { data } = useReasons();
  const about = data?.find(({ code }) => code === reason);
  const isCured = about?.isToBeSet === true && told !== undefined && isSet(reason, told);
  const key = cureKey(reason, detail, told);
  const ofThisCall = key === null ? null : t(`calls.cures.${key}`);
  const url = told?.requests.at(-1)?.url ?? '';
  const isAdvised = about !== undefined && !isShort;
  return (
    <>
      <Text size={isHead ? 'md' : 'sm'} fw={isHead ? 600 : 400} component="div">
        {about === undefined ? null : <>{about.sentence} </>}
        {values.map((value) => (
          <Text key={value} span inherit fw={600} className="mono" pe={6}>
            <ForeignLine text={value} limit={200} />
          </Text>
        ))}
        <PageLink
          to="/reasons"
          hash={reason}
          size="sm"
          className="mono"
          style={{ display: 'inline-block' }}
          aria-label={t('calls.aboutReason', { reason })}
        >
          {reason}
        </PageLink>
      </Text>
      {detail !== '' && (
        <Text size="sm" component="div">
          <ForeignLine text={detail} />
        </Text>
      )}
      {isAdvised && (
        <Text size="sm" c="dimmed" component="div">
          {t('system.problems.cure')}:{' '}
          <Coded text={isCured ? t('calls.cured') : (ofThisCall ?? readyToRun(about.cure, url))} />
        </Text>
      )}
    </>
  );
}
