import { useQuery } from '@tanstack/react-query';
import { oneCall } from '../../api/calls.ts';
import { Loaded } from '../../ui/page.tsx';
import { CallView } from './call-view.tsx';

interface CallPaneProps {
  readonly id: string;
  readonly onClose?: () => void;
}

export function CallPane({ id, onClose }: CallPaneProps) {
  const query = useQuery(oneCall(id));
  return (
    <Loaded query={query} rows={10}>
      {(call) => <CallView call={call} onClose={onClose} />}
    </Loaded>
  );
}
